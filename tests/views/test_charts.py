"""Charts of learning: points lie where their numbers say, bands are those of the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empo.runs.health import HEALTH
from empo.runs.history import Curve, read_history
from empo.runs.stats import over_seeds
from empo.views.charts import Frame, Line, compact, histogram, line_chart
from empo.views.drawing import Circle, Drawing, Group, Poly, Rect, Text
from empo.views.learning import health_chart, learning_curves, run_curve, seed_line
from tests.runs.trainings import write_training

FRAME = Frame(title="t")


def plotted(drawing: Drawing) -> list[Group]:
    return [shape for shape in drawing.shapes if isinstance(shape, Group)]


def dots(group: Group) -> np.ndarray:
    return np.array([(s.x, s.y) for s in group.shapes if isinstance(s, Circle)])


def words(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Text)]


def line(*numbers: float, **more) -> Line:
    return Line(x=np.arange(len(numbers), dtype=float), y=np.array(numbers), **more)


def test_distances_are_in_proportion_to_numbers():
    (group,) = plotted(line_chart([line(0.0, 1.0, 4.0)], FRAME))
    (x0, y0), (x1, y1), (x2, y2) = dots(group)
    assert x2 - x1 == pytest.approx(x1 - x0)
    assert y0 - y2 == pytest.approx(4 * (y0 - y1))  # y grows downward


def test_equal_factors_are_equal_distances_on_a_logarithmic_scale():
    frame = Frame(title="t", logarithmic=True)
    (group,) = plotted(line_chart([line(0.01, 1.0, 100.0, -5.0)], frame))
    y = dots(group)[:, 1]
    assert len(y) == 3  # what is not positive has no place
    assert y[0] - y[1] == pytest.approx(y[1] - y[2])


def test_a_line_is_broken_where_there_is_no_number():
    (group,) = plotted(line_chart([line(1.0, 2.0, np.nan, 3.0, 4.0)], FRAME))
    strokes = [shape for shape in group.shapes if isinstance(shape, Poly)]
    assert [len(stroke.points) for stroke in strokes] == [2, 2]


def test_lines_share_one_frame_and_the_marked_level_lies_in_it():
    drawing = line_chart([line(0.0, 1.0), line(0.0, 3.0)], Frame(title="t", level=(9.0, "goal")))
    small, large = plotted(drawing)
    assert dots(small)[0, 1] == dots(large)[0, 1]
    (mark,) = (s for s in drawing.shapes if isinstance(s, Poly) and s.style.dash)
    low, high = dots(large)[:, 1]
    assert low - mark.points[0][1] == pytest.approx(3 * (low - high))
    assert "goal" in words(drawing)


def test_everything_lies_within_the_picture():
    names = [line(float(i), 5.0, name=f"a rather long name, number {i}") for i in range(9)]
    for width in (460.0, 900.0):
        drawing = line_chart(names, Frame(title="t", width=width))
        legend = [s for s in drawing.shapes if isinstance(s, Text) and s.text.startswith("a ra")]
        assert len(legend) == 9
        points = np.concatenate([dots(group) for group in plotted(drawing)])
        assert (points > 0).all()
        assert (points[:, 0] < width).all()
        assert points[:, 1].min() > max(text.y for text in legend)


@pytest.mark.parametrize("numbers", [(), (3.0,), (2.0, 2.0), (np.nan, np.nan)])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_few_or_equal_numbers_are_drawn_too(numbers, logarithmic):
    drawing = line_chart([line(*numbers)], Frame(title="t", logarithmic=logarithmic))
    assert sum(len(dots(group)) for group in plotted(drawing)) == np.isfinite(numbers).sum()


def test_a_curve_has_the_middle_of_its_seeds_and_their_band():
    curve = Curve(np.arange(4), np.random.default_rng(0).normal(size=(5, 4)))
    drawn, wanted = seed_line(curve, "x", "who0"), over_seeds(curve.values)
    assert drawn.low is not None
    np.testing.assert_array_equal([drawn.y, drawn.low, drawn.high], wanted)
    one = seed_line(Curve(curve.steps, curve.values[:1]), "x", "who0")
    assert one.low is one.high is None


def test_long_runs_are_thinned_to_points_of_theirs_with_both_ends():
    steps = np.arange(0, 5000, 2)
    drawn = seed_line(Curve(steps, np.sqrt(steps)[None]), "x", "who0")
    assert len(drawn.x) <= 300
    assert (drawn.x[0], drawn.x[-1]) == (0, 4998)
    np.testing.assert_allclose(drawn.y, np.sqrt(drawn.x))


def test_bars_are_as_tall_as_shares():
    groups = [("a", np.array([0.0, 0.0, 0.0, 10.0]), "who0"), ("b", np.array([5.0]), "who1")]
    drawing = histogram(groups, FRAME, n_bins=10)
    bars = [shape for shape in drawing.shapes if isinstance(shape, Rect)]
    assert [bar.style.fill for bar in bars] == ["who0", "who0", "who1"]
    assert bars[0].height == pytest.approx(3 * bars[1].height)
    assert bars[0].x < bars[2].x < bars[1].x


def test_equal_numbers_make_one_bar():
    drawing = histogram([("a", np.full(9, 500.0), "who0")], FRAME)
    assert sum(isinstance(shape, Rect) for shape in drawing.shapes) == 1


def test_a_run_without_seeds_to_compare_has_neither_band_nor_thin_lines(tmp_path):
    history = read_history(write_training(tmp_path, n_seeds=1))
    drawing = run_curve(history)
    assert len(plotted(drawing)) == 2
    polys = [s for group in plotted(drawing) for s in group.shapes if isinstance(s, Poly)]
    assert not any(poly.closed for poly in polys)


def test_what_was_not_measured_is_not_drawn(tmp_path):
    history = read_history(write_training(tmp_path))
    drawn = {q.names[0]: health_chart(history, q) for q in HEALTH}
    assert all(drawn.values())
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "seed": 0, "kind": "train", "kl": null}\n')
    empty = read_history(tmp_path)
    assert not any(health_chart(empty, quantity) for quantity in HEALTH)


def test_compared_curves_are_told_apart():
    curve = Curve(np.arange(3), np.ones((2, 3)))
    drawing = learning_curves({f"run {i}": curve for i in range(14)}, "t")
    legend = [s for s in drawing.shapes if isinstance(s, Poly) and s.style.width == 3]
    assert len({(s.style.stroke, s.style.dash) for s in legend}) == 14


@given(st.floats(-1e11, 1e11))
def test_compact_numbers_are_right_to_four_digits(number):
    text = compact(number)
    factor = {"k": 1e3, "M": 1e6, "G": 1e9}.get(text[-1], 1.0)
    assert float(text.rstrip("kMG")) * factor == pytest.approx(number, rel=5e-4)
    assert len(text) <= 11
