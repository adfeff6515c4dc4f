"""`empo bench` starts what a checkout has and refuses without one."""

from __future__ import annotations

import empo


def checkout(tmp_path, monkeypatch):
    package = tmp_path / "empo" / "__init__.py"
    package.parent.mkdir()
    package.write_text("")
    monkeypatch.setattr(empo, "__file__", str(package))


def test_without_a_checkout_it_is_refused_in_a_line(empo_main, tmp_path, monkeypatch):
    checkout(tmp_path, monkeypatch)
    done = empo_main("bench")
    assert (done.code, done.out) == (2, "")
    assert "holds no measurements in bench/" in done.err
    assert len(done.err.splitlines()) == 1
    assert empo_main("bench", "--help").code == 0


def test_arguments_and_the_exit_code_pass_through(empo_main, tmp_path, monkeypatch):
    checkout(tmp_path, monkeypatch)
    bench = tmp_path / "bench" / "__main__.py"
    bench.parent.mkdir()
    (bench.parent / "__init__.py").write_text("")
    bench.write_text("import sys\nopen('seen', 'w').write(' '.join(sys.argv[1:]))\nsys.exit(1)\n")
    assert empo_main("bench", "sweep", "--quick").code == 1
    assert (tmp_path / "seen").read_text() == "sweep --quick"
