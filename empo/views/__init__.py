"""Pictures of worlds and solutions, and the report that shows them."""

from empo.views.drawing import Drawing
from empo.views.frames import frame
from empo.views.report import write_report
from empo.views.svg import to_svg

__all__ = ["Drawing", "frame", "to_svg", "write_report"]
