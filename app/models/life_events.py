"""The events of a life by which people look for a procedure (keys kept on ``Procedure``)."""

from dataclasses import dataclass

from app.i18n import N_


@dataclass(frozen=True)
class LifeEvent:
    """One event: ``title`` is a msgid, ``icon`` a symbol of the shell's sprite."""

    key: str
    title: str
    icon: str


LIFE_EVENTS = {
    event.key: event
    for event in (
        LifeEvent("birth", N_("Having a child"), "baby"),
        LifeEvent("marriage", N_("Marriage and family"), "rings"),
        LifeEvent("housing", N_("Home and residence"), "home"),
        LifeEvent("land", N_("Land"), "house-land"),
        LifeEvent("construction", N_("Construction"), "hammer"),
        LifeEvent("business", N_("Business and investment"), "briefcase"),
        LifeEvent("labour", N_("Work and employment"), "users"),
        LifeEvent("education", N_("Education"), "school"),
        LifeEvent("health", N_("Health"), "stethoscope"),
        LifeEvent("social", N_("Social assistance"), "lifebuoy"),
        LifeEvent("merit", N_("People with merit"), "medal"),
        LifeEvent("transport", N_("Transport"), "car"),
        LifeEvent("notary", N_("Certification of papers"), "certificate"),
        LifeEvent("death", N_("Death of a relative"), "leaf"),
    )
}
