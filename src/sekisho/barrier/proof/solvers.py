"""Asks z3, and has cvc5 answer the same question again from the SMT-LIB text. Both must agree."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cvc5
import z3

TIMEOUT_MS = 10_000
_UNICODE = re.compile(r"\\u\{([0-9a-fA-F]+)\}")  # how z3 prints characters beyond ASCII


@dataclass(frozen=True, slots=True)
class Answer:
    """`proved`: both solvers found the question unsatisfiable. `model` is z3's counterexample. `reason` explains anything else."""

    proved: bool
    model: z3.ModelRef | None = None
    reason: str = ""


Wishes = Callable[[], Sequence[z3.BoolRef]]


def ask(assertions: Sequence[z3.BoolRef], wishes: Wishes = list) -> Answer:
    """Is there no world in which all `assertions` hold? `wishes` make a counterexample easier to read, where they can be had."""
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT_MS)
    solver.add(*assertions)
    first, second = str(solver.check()), _cvc5(solver.to_smt2())
    if first == second == "unsat":
        return Answer(proved=True)
    if first == "sat" and second != "unsat":
        return Answer(proved=False, model=_readable_model(assertions, wishes()))
    return Answer(proved=False, reason=f"z3: {first}, cvc5: {second}")


def _cvc5(text: str) -> str:
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setLogic("ALL")
    solver.setOption("tlimit-per", str(TIMEOUT_MS))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "query")
    symbols = parser.getSymbolManager()
    answer = "unknown"
    try:
        while not (command := parser.nextCommand()).isNull():
            answer = command.invoke(solver, symbols).strip() or answer
    except RuntimeError as fault:  # cvc5 raises nothing more specific for a text that it cannot read
        return f"error: {fault}"
    return answer


def _readable_model(assertions: Sequence[z3.BoolRef], wishes: Sequence[z3.BoolRef]) -> z3.ModelRef | None:
    found = _model(_with_wishes(list(assertions), list(wishes)))
    return found if found is not None else _model(assertions)


def _with_wishes(granted: list[z3.BoolRef], wishes: list[z3.BoolRef]) -> list[z3.BoolRef]:
    """Add as many wishes as go together, halving where they do not: most do, so there are few questions."""
    if not wishes or _model([*granted, *wishes]) is not None:
        return [*granted, *wishes]
    if len(wishes) == 1:
        return granted
    half = len(wishes) // 2
    return _with_wishes(_with_wishes(granted, wishes[:half]), wishes[half:])


def _model(assertions: Sequence[z3.BoolRef]) -> z3.ModelRef | None:
    # a solver of its own each time: z3's incremental string solver is slower by orders of magnitude
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT_MS // 5)
    solver.add(*assertions)
    return solver.model() if solver.check() == z3.sat else None


def value_in(model: z3.ModelRef, null: z3.BoolRef, value: z3.ExprRef) -> str | None:
    """A term's value in a model as text; None for null. An opaque value is named by z3 (`sql_daterange!val!0`)."""
    if z3.is_true(model.eval(null, model_completion=True)):
        return None
    found = model.eval(value, model_completion=True)
    return (
        _UNICODE.sub(lambda m: chr(int(m[1], 16)), str(found.as_string()))
        if z3.is_string_value(found)
        else str(found)
    )


def versions() -> Mapping[str, str]:
    """The solvers' versions, for the certificate."""
    return {"z3": z3.get_version_string(), "cvc5": cvc5.__version__}
