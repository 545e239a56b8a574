"""Which rule sharpens the prototypes."""

from collections.abc import Callable

from engine.bank.anchored import AnchoredBank
from engine.bank.contract import Bank, BankSettings
from engine.bank.dota import DotaBank
from engine.bank.onzeta import OnZetaBank
from engine.bank.pgfa_streaming import PgfaStreamingBank
from engine.bank.stata import StatA1Bank, StatA16Bank, StatA128Bank
from engine.bank.support import T3aBank, TdaBank
from engine.bank.text_only import TextOnlyBank
from engine.bundle import Manifest
from streams.skeleton.errors import ConfigError

BANKS: dict[str, Callable[[BankSettings], Bank]] = {
    TextOnlyBank.rule: TextOnlyBank,
    AnchoredBank.rule: AnchoredBank,
    PgfaStreamingBank.rule: PgfaStreamingBank,
    T3aBank.rule: T3aBank,
    TdaBank.rule: TdaBank,
    OnZetaBank.rule: OnZetaBank,
    DotaBank.rule: DotaBank,
    StatA1Bank.rule: StatA1Bank,
    StatA16Bank.rule: StatA16Bank,
    StatA128Bank.rule: StatA128Bank,
}
"""Constructors by rule."""


def open_bank(rule: str, settings: BankSettings) -> Bank:
    """An empty bank of that rule.

    Raises:
        ConfigError: No bank follows the rule.
    """
    if rule not in BANKS:
        raise ConfigError(f"wanted a bank ({', '.join(BANKS)}), got {rule!r}; name one of these")
    return BANKS[rule](settings)


def bank_settings(manifest: Manifest, *, fingerprint: str) -> BankSettings:
    """What a bank needs to know of a bundle: its sizes and the constants measured for it."""
    calibration = manifest.calibration
    return BankSettings(
        parts=manifest.parts,
        dim=manifest.dim,
        fingerprint=fingerprint,
        temperature=calibration.temperature,
        alpha=calibration.bank_entropy,
        unknown_cosine=calibration.unknown_cosine,
        constants=calibration.bank,
    )
