"""A model as text, one tensor a line: the form of examples, tests, docs and bug reports.

    x: float32[1,8]
    w: int8[4,8] q=[0.1,0.2,0.1,0.3]+[0,0,0,0]@0 = const
    y: float32[1,4] = FULLY_CONNECTED.v9(x, w, -) keep_num_dims=true
    signature serving_default(input=x) -> (logits=y)

A line is `NAME: DTYPE[SHAPE] FACTS = MAKER`. Names that are not plain words are quoted as in JSON; a second tensor of
the same name is `NAME~2`. Facts: `sig=[-1,8]` (shape_signature), `q=SCALE+ZERO` or `q=[..]+[..]@AXIS`, `min=[..]`,
`max=[..]`, `details=TABLE{..}`, `variable`, `has_rank`, `sparse={..}`, `external=1`, `buffer=9` (a raw
index), `subtypes=[..]`. Makers: `const [1,2]` (values in row-major order), `const` (values not shown; zeros when
built), `const @w` (the buffer of w), `raw HEX` (bytes as they are), `OP.vN(inputs) option=value`, and `^1` for the
second output of the operator above. `-` is an omitted input, `?9` a raw index. An operator without outputs stands
behind `() =`. Lines without a tensor: `graph NAME(inputs) -> (outputs)` opens a subgraph, `signature KEY@GRAPH(..) ->
(..)`, `metadata NAME = "text" | HEX | N bytes`, `description "text"`, `version 3`, `unused OP.vN`; `#` comments.
Without a `graph` line, what nobody makes is an input and what nobody takes an output.
"""

from tflint.sketch.parse import build, locate, parse
from tflint.sketch.show import show
from tflint.sketch.text import SketchError

__all__ = ["SketchError", "build", "locate", "parse", "show"]
