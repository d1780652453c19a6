"""What sections of the configuration are made of: their base, and numbers within bounds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

# Every number has an upper bound, beyond which sockets, timers and dates overflow: a slip of the pen is found here.
Count = Annotated[int, Field(gt=0, le=1_000_000_000)]
Bytes = Annotated[int, Field(gt=0, le=1 << 40)]
Tries = Annotated[int, Field(gt=0, le=20)]  # the wait doubles each time
Seconds = Annotated[float, Field(gt=0, le=86_400)]
OrderVerb = Literal["scan", "bank", "allow", "undo", "minor", "stop", "go"]
Cap = Annotated[int, Field(ge=0, le=1_000_000)]
Minutes = Annotated[int, Field(ge=0, le=1440)]
Pause = Annotated[float, Field(ge=0, le=86_400)]  # seconds


class Section(BaseModel):
    """Base of all sections: frozen, and strangers are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
