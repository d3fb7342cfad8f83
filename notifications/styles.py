"""The looks of a message: one palette, for light and dark, and the inline styles made of it.

Mail programs keep inline styles and drop style sheets, so every tag carries its own; the one sheet that goes along is
for dark mode and phones, and each of its rules says !important, or the inline styles would win.
"""

from types import SimpleNamespace

from markupsafe import Markup

from commitments.vocabulary import StandingState

FONTS = (
    "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,"
    "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Apple SD Gothic Neo','Malgun Gothic',sans-serif"
)
MONOSPACE = "Consolas,Menlo,monospace"

LIGHT = {
    "page": "#f2f4f7",
    "card": "#fff",
    "ink": "#1c2733",
    "soft": "#4d5b69",
    "line": "#d5dbe1",
    "link": "#0b5394",
}
DARK = {"page": "#14181d", "card": "#1f262d", "ink": "#e8ecf0", "soft": "#b0bac4", "line": "#3a444e", "link": "#8cc4ff"}
PICTURE = "#eef1f4"
"""The ground of a picture: calm on the card of a light mail, and no glaring block on that of a dark one."""

TONES = {
    StandingState.OVERDUE: "red",
    StandingState.BEHIND: "amber",
    StandingState.DUE_SOON: "amber",
    StandingState.SILENT: "violet",
    StandingState.UNCONFIRMED: "violet",
    StandingState.UNOWNED: "violet",
    StandingState.ON_TRACK: "green",
    StandingState.SETTLED: "grey",
    StandingState.ON_HOLD: "grey",
}
# tone: ink and ground in light, ink and ground in dark, the colour of bars and edges
TONE_COLOURS = {
    "red": ("#8a1c13", "#fbe4e1", "#ffd3ce", "#5c1f1a", "#c8402f"),
    "amber": ("#6d4300", "#fdf0d2", "#ffe3ab", "#523a10", "#d08a15"),
    "violet": ("#4a3786", "#ece7f7", "#dcd2ff", "#3a2f63", "#7a63bd"),
    "green": ("#14552d", "#dff2e5", "#c0ecce", "#1c4429", "#3d9a5f"),
    "grey": ("#3d4955", "#e7eaee", "#d3dae1", "#3a444e", "#8793a0"),
}

_TEXT = f"font-family:{FONTS};color:{LIGHT['ink']}"
_RULES = {
    "page": f"margin:0;padding:0;background:{LIGHT['page']};{_TEXT};font-size:16px;line-height:1.5",
    "outer": f"background:{LIGHT['page']};{_TEXT};font-size:16px;line-height:1.5",
    "column": "width:100%;max-width:640px;margin:0 auto",
    "body": "padding:24px 16px",
    "hidden": "display:none;max-height:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px",
    "brand": f"margin:0 0 16px;font-size:14px;color:{LIGHT['soft']}",
    "h1": "margin:0 0 8px;font-size:22px;line-height:1.3;font-weight:700",
    "h2": "margin:28px 0 12px;font-size:17px;line-height:1.3;font-weight:700",
    "h3": "margin:20px 0 8px;font-size:15px;line-height:1.3;font-weight:700",
    "p": "margin:0 0 12px",
    "card": f"width:100%;margin:0 0 12px;background:{LIGHT['card']};border:1px solid {LIGHT['line']};border-radius:8px",
    "cell": "padding:16px",
    "title": "font-size:17px;font-weight:700;margin:0 0 4px",
    "quote": "margin:0 0 6px",
    "small": f"font-size:14px;color:{LIGHT['soft']}",
    "line": "margin:6px 0 0",
    "answers": "margin:4px 0 0",
    "first": f"display:inline-block;margin:8px 6px 0 0;padding:11px 16px;border:1px solid {LIGHT['link']};"
    f"border-radius:6px;background:{LIGHT['link']};color:#fff;font-weight:600;line-height:22px;text-decoration:none",
    "button": f"display:inline-block;margin:8px 6px 0 0;padding:11px 14px;border:1px solid {LIGHT['link']};"
    f"border-radius:6px;color:{LIGHT['link']};font-weight:600;line-height:22px;text-decoration:none",
    "plain": f"display:inline-block;padding:10px 16px 10px 0;color:{LIGHT['link']}",
    "hint": f"font-family:{MONOSPACE};font-size:12px;color:{LIGHT['soft']};margin:10px 0 0;"
    "overflow-wrap:anywhere;word-break:break-word",
    "row": f"padding:12px 0;border-top:1px solid {LIGHT['line']}",
    "bar": "width:100%;border-collapse:collapse;margin:4px 0",
    "foot": f"margin:24px 0 0;padding:16px 0 0;border-top:1px solid {LIGHT['line']};"
    f"font-size:14px;color:{LIGHT['soft']}",
    "picture": "display:block;width:100%;max-width:480px;height:auto;margin:12px 0 4px;border-radius:8px",
    "link": f"color:{LIGHT['link']}",
}


def _write_styles() -> SimpleNamespace:
    styles = SimpleNamespace(**{name: Markup(rule) for name, rule in _RULES.items()})  # noqa: S704 - our own constants
    styles.chip, styles.segment = {}, {}
    for tone, (ink, ground, _, _, bar) in TONE_COLOURS.items():
        chip = (
            f"background:{ground};color:{ink};font-size:13px;font-weight:bold;padding:2px 7px;border-radius:4px;"
            "white-space:nowrap"
        )
        segment = f"background:{bar};border-right:2px solid {LIGHT['card']};height:14px;font-size:1px;line-height:14px"
        styles.chip[tone], styles.segment[tone] = Markup(chip), Markup(segment)  # noqa: S704
    styles.sheet = Markup(_write_sheet())  # noqa: S704
    return styles


def _write_sheet() -> str:
    """The rules for dark mode and phones; `x-` classes are what they hold on to."""
    dark = [
        f".x-p{{background:{DARK['page']}!important;color:{DARK['ink']}!important}}",
        f".x-c{{background:{DARK['card']}!important;border-color:{DARK['line']}!important}}",
        f".x-g{{border-color:{DARK['card']}!important}}",
        f".x-s{{color:{DARK['soft']}!important}}",
        f".x-l{{border-color:{DARK['line']}!important}}",
        f".x-first{{background:{DARK['link']}!important;border-color:{DARK['link']}!important;color:{DARK['page']}!important}}",
        f".x-plain,.x-button{{color:{DARK['link']}!important;border-color:{DARK['link']}!important}}",
        f".x-a{{color:{DARK['link']}!important;border-color:{DARK['link']}!important}}",
    ]
    dark += [
        f".t-{tone}{{background:{ground}!important;color:{ink}!important}}"
        for tone, (_, _, ink, ground, _) in TONE_COLOURS.items()
    ]
    phone = ".x-b{padding:16px 10px!important}.x-d{padding:14px!important}.x-h{font-size:20px!important}"
    return f"@media (prefers-color-scheme:dark){{{''.join(dark)}}}@media (max-width:480px){{{phone}}}"


STYLE = _write_styles()
