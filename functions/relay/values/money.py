"""Money: a Decimal in major units with a currency of ISO 4217. No float, and no factor of 100."""

import re
from decimal import ROUND_HALF_UP, Decimal

from chalicelib.relay.values.wrong import WrongValue

_TEXT = re.compile(r"\d{1,15}(\.\d{1,20})?")
LARGEST = Decimal(10) ** 15
"""No order costs that much; a number with a thousand digits is a mistake."""

_TWO_DIGITS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA
MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR
RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD
TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
# ANG and BGN were withdrawn in 2025 and 2026; shops that have not followed still send them.
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"
DIGITS = {
    **dict.fromkeys(_TWO_DIGITS.split(), 2),
    **dict.fromkeys(_NO_DIGITS.split(), 0),
    **dict.fromkeys(_THREE_DIGITS.split(), 3),
    **dict.fromkeys(_FOUR_DIGITS.split(), 4),
}
"""The digits after the point of each currency (ISO 4217, minor units)."""


def currency_of(value: object, default: str) -> str:
    """The currency in upper case; the storefront's if none was sent.

    Raises:
        WrongValue: it is not in ISO 4217.
    """
    if value is None:
        return default
    code = value.strip().upper() if isinstance(value, str) else ""
    if code not in DIGITS:
        raise WrongValue("currency: must be a code of ISO 4217, such as USD")
    return code


def amount_of(value: object, currency: str, name: str) -> tuple[Decimal, str | None]:
    """The amount with at most the currency's digits, and a warning if it had more.

    A text of digits is taken as the number that it spells.

    Raises:
        WrongValue: it is no number, negative, not finite or beyond any price.
    """
    amount = _decimal(value, name)
    digits = DIGITS[currency]
    exponent = int(amount.as_tuple().exponent)
    if exponent > 0 or not amount:  # no exponent (1.2E+3 is 1200), and no sign of zero
        return Decimal(int(amount)), None
    if exponent >= -digits:
        return amount, None
    rounded = amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    if rounded == amount:  # 80.7900 has two digits that say nothing
        return rounded, None
    return rounded, f"{name}: {currency} has {digits} digits after the point, rounded"


def _decimal(value: object, name: str) -> Decimal:
    if isinstance(value, str) and _TEXT.fullmatch(value) and value.isascii():
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise WrongValue(f"{name}: must be a number, in major units")
    amount = Decimal(value)
    if not amount.is_finite():
        raise WrongValue(f"{name}: must be a finite number")
    if amount < 0:
        raise WrongValue(f"{name}: must not be negative")
    if amount >= LARGEST:
        raise WrongValue(f"{name}: must be less than {LARGEST:f}")
    return amount
