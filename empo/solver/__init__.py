"""The exact solver: equations (1)-(9) on worlds that can be enumerated.

THEORY. A robot that increases what people can do has a model of a world with people in it. Phase 1,
equations (1)-(3), says how each human h would act in state s for each goal g they might have:
Q_h^m by expecting the least helpful robot, pi_h by choosing softly among actions, V_h^m. Phase 2,
equations (4)-(9), says together how the robot acts and what people can do: Q_r and pi_r from V_r;
V_h^e, how well h will do on g, from pi_r; the power X_h from V_h^e; the total U_r from X_h; and V_r
from U_r and Q_r. The equations themselves are functions of one state in `empo.theory`.

METHOD. A world is enumerated breadth-first (`empo.worlds.compile`). With a finite horizon, or if
no state can come back, one backward sweep solves everything: each layer of states needs only layers
already solved. Else both phases are fixed points:

- Phase 1 iterates from V_h^m = 0. Once the residual falls at a steady rate, Anderson acceleration
  takes over. What it finds is kept if plain iteration is seen to be on its way there, too; else
  plain iteration goes on. `repeat` looks for others, from other starting points.
- Phase 2 starts at beta_r = 0, where the solution is unique, and follows it while beta_r rises.

What a policy is worth that is given instead of equation (5) tells `empo.solver.evaluate`.

STOPPING. Unknowns are B_V and log(-V_r), so a residual max |F(x) - x| is an absolute error of what
humans can attain and a relative one of V_r. Iteration stops at `tolerance` (1e-13). Where F
contracts at a rate L < 1, estimated as `lipschitz`, the error is at most 1 / (1 - L) times the
residual. If the residual stops falling, steps are damped; if that does not help, or `max_sweeps` is
reached, `NotConverged` is raised: the last iterate is never returned as if it were a solution. The
residual of every equation at the solution is measured by one more sweep.
"""

from empo.solver.problem import Prior, Values
from empo.solver.solution import Effort, Solution
from empo.solver.solve import Options, solve, theory_of

__all__ = ["Effort", "Options", "Prior", "Solution", "Values", "solve", "theory_of"]
