"""Transition tables of the two kinds of party: the runtime and the extensions.

Rule 1: a move that is not in these tables is illegal. Rule 2: this module does not know phases, time or HTTP.
An empty row is terminal. States bear the names that AWS's Runtime Interface Emulator puts into its messages
(internal/lambda/core/runtime_state_names.go, agent_state_names.go); the rows follow its states.go,
externalagent_states.go and internalagent_states.go. `EXIT`, a process's end, is a move like any other.
"""

from collections.abc import Mapping
from enum import StrEnum

from lambdasim.core.values import Role


class State(StrEnum):
    STARTED = "Started"
    REGISTERED = "Registered"
    READY = "Ready"
    RUNNING = "Running"
    RESPONDING = "InvocationResponse"
    RESPONDING_ERROR = "InvocationErrorResponse"
    RESPONDED = "RuntimeResponseSentState"
    LAUNCH_ERROR = "LaunchError"
    INIT_ERROR = "InitError"
    EXIT_ERROR = "ExitError"
    EXITED = "Exited"


class Move(StrEnum):
    LAUNCH_ERROR = "launch error"
    REGISTER = "register"
    NEXT = "next"
    DELIVER = "deliver"
    RESPONSE = "response"
    ERROR = "error"
    BODY_ENDED = "body ended"
    BODY_REFUSED = "body refused"
    MODE_REFUSED = "mode refused"
    INIT_ERROR = "init error"
    EXIT_ERROR = "exit error"
    EXIT = "exit"


Row = Mapping[Move, State]
Table = Mapping[State, Row]

RUNTIME: Table = {
    State.STARTED: {
        Move.NEXT: State.READY, Move.INIT_ERROR: State.INIT_ERROR, Move.LAUNCH_ERROR: State.LAUNCH_ERROR,
        Move.EXIT: State.EXITED,
    },
    # A second, concurrent next waits beside the first one.
    State.READY: {Move.NEXT: State.READY, Move.DELIVER: State.RUNNING, Move.EXIT: State.EXITED},
    # Next without an answer is a client's retry after a lost event: the same event again.
    State.RUNNING: {
        Move.NEXT: State.RUNNING, Move.RESPONSE: State.RESPONDING, Move.ERROR: State.RESPONDING_ERROR,
        Move.MODE_REFUSED: State.RESPONDING, Move.EXIT: State.EXITED,
    },
    # A refused response mode leaves the runtime where it is: its next is refused from here on, as in RIE
    # (internal/lambda/rapi/handler/invocationresponse.go returns without ResponseSent).
    State.RESPONDING: {
        Move.BODY_ENDED: State.RESPONDED, Move.BODY_REFUSED: State.RESPONDED, Move.MODE_REFUSED: State.RESPONDING,
        Move.EXIT: State.EXITED,
    },
    State.RESPONDING_ERROR: {
        Move.BODY_ENDED: State.RESPONDED, Move.BODY_REFUSED: State.RESPONDED, Move.EXIT: State.EXITED,
    },
    State.RESPONDED: {Move.NEXT: State.READY, Move.EXIT: State.EXITED},
    State.INIT_ERROR: {Move.EXIT: State.EXITED},
    State.LAUNCH_ERROR: {},
    State.EXITED: {},
}

INTERNAL_EXTENSION: Table = {
    State.STARTED: {Move.REGISTER: State.REGISTERED, Move.EXIT: State.EXITED},
    State.REGISTERED: {
        Move.NEXT: State.READY, Move.INIT_ERROR: State.INIT_ERROR, Move.EXIT_ERROR: State.EXIT_ERROR,
        Move.EXIT: State.EXITED,
    },
    # Next is legal only after the connection of the first one was lost: see extension_calls.
    State.READY: {
        Move.NEXT: State.READY, Move.DELIVER: State.RUNNING, Move.EXIT_ERROR: State.EXIT_ERROR,
        Move.EXIT: State.EXITED,
    },
    State.RUNNING: {Move.NEXT: State.READY, Move.EXIT_ERROR: State.EXIT_ERROR, Move.EXIT: State.EXITED},
    # Both accept their own repeat and nothing else.
    State.INIT_ERROR: {Move.INIT_ERROR: State.INIT_ERROR, Move.EXIT: State.EXITED},
    State.EXIT_ERROR: {Move.EXIT_ERROR: State.EXIT_ERROR, Move.EXIT: State.EXITED},
    State.EXITED: {},
}

EXTERNAL_EXTENSION: Table = {
    **INTERNAL_EXTENSION,
    State.STARTED: {**INTERNAL_EXTENSION[State.STARTED], Move.LAUNCH_ERROR: State.LAUNCH_ERROR},
    State.LAUNCH_ERROR: {},
}

TABLES: Mapping[Role, Table] = {
    Role.RUNTIME: RUNTIME,
    Role.EXTERNAL: EXTERNAL_EXTENSION,
    Role.INTERNAL: INTERNAL_EXTENSION,
}

WANTED: Mapping[Move, State] = {
    Move.REGISTER: State.REGISTERED,
    Move.NEXT: State.READY,
    Move.DELIVER: State.RUNNING,
    Move.RESPONSE: State.RESPONDING,
    Move.ERROR: State.RESPONDING_ERROR,
    Move.BODY_ENDED: State.RESPONDED,
    Move.BODY_REFUSED: State.RESPONDED,
    Move.MODE_REFUSED: State.RESPONDING,
    Move.INIT_ERROR: State.INIT_ERROR,
    # RIE's message names Exited here, not ExitError (internal/lambda/rapi/handler/agentexiterror.go).
    Move.EXIT_ERROR: State.EXITED,
    Move.LAUNCH_ERROR: State.LAUNCH_ERROR,
    Move.EXIT: State.EXITED,
}
"""The state that a refusal says could not be reached."""
