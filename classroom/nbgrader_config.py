"""nbgrader's configuration for this course: run nbgrader in this folder, where it finds this file.

The source of every exercise is in solutions/, one assignment a chapter. nbgrader's own release goes to released/ and is not
used: students get exercises/, which `tools/make_exercises.py` makes from the same source by the same steps, in the house's form.

nbgrader's buttons in JupyterLab ("Create Assignment", the menu "Nbgrader") are off, as students have no use for them. A teacher turns
them on in their own environment with `uv run jupyter labextension enable @jupyter/nbgrader`, and off again with `disable`.
"""

import pathlib

c = get_config()  # noqa: F821  (nbgrader provides it)

c.CourseDirectory.root = str(pathlib.Path(__file__).resolve().parent.parent)
c.CourseDirectory.course_id = "bigmodel"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "released"

# A cell that never ends is interrupted and graded as wrong; without both settings it would leave no grade at all
c.ExecutePreprocessor.timeout = 300  # seconds a cell; scoring the capstone takes about 60
c.ExecutePreprocessor.interrupt_on_timeout = True

c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
