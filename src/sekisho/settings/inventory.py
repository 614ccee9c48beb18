"""The inventory of gates: every way into the data, in one list. Today's counterpart of "44 screens and 7 reports"."""

from sekisho.barrier import gates as barrier_gates
from sekisho.barrier.gate import AnyGate
from sekisho.ledger import gates as ledger_gates
from sekisho.ledger import state
from sekisho.ledger.scope import gates as scope_gates
from sekisho.metering import gates as metering_gates
from sekisho.registry import gates as registry_gates
from sekisho.work import bundles
from sekisho.work import gates as work_gates

GATES: tuple[AnyGate, ...] = (
    *registry_gates.GATES,
    *metering_gates.GATES,
    *ledger_gates.GATES,
    *scope_gates.GATES,
    *state.GATES,
    *work_gates.GATES,
    *bundles.GATES,
    *barrier_gates.GATES,
)
