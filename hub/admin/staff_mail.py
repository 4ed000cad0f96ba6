"""Texts of the mails that the hub sends to agents, in English and Spanish."""

from hub.access.hooks import StaffMail

WORDS = {
    ("invitation", "en"): (
        "You are invited to the inbox",
        "Hello {name},\n\nyou have been invited. Choose a password here; the link works once:\n\n{url}\n",
    ),
    ("invitation", "es"): (
        "Te invitan a la bandeja",
        "Hola, {name}:\n\nte han invitado. Elige una contraseña aquí; el enlace funciona una sola vez:\n\n{url}\n",
    ),
    ("reset", "en"): (
        "Choose a new password",
        "Hello {name},\n\nsomebody, hopefully you, asked for a new password. "
        "Choose it here; the link works once and for a short time:\n\n{url}\n\n"
        "If it was not you, there is nothing to do.\n",
    ),
    ("reset", "es"): (
        "Elige una contraseña nueva",
        "Hola, {name}:\n\nalguien, esperamos que tú, pidió una contraseña "
        "nueva. Elígela aquí; el enlace funciona una sola vez y por poco tiempo:\n\n{url}\n\n"
        "Si no fuiste tú, no hay nada que hacer.\n",
    ),
    ("sign_in", "en"): ("Your sign-in link", "Hello {name},\n\nthis link signs you in, once:\n\n{url}\n"),
    ("sign_in", "es"): ("Tu enlace de entrada", "Hola, {name}:\n\neste enlace te da entrada, una sola vez:\n\n{url}\n"),
}


def words_for(mail: StaffMail) -> tuple[str, str]:
    """Return the subject and text of a mail; English unless the agent's language is Spanish."""
    subject, text = WORDS[str(mail.purpose), "es" if mail.language == "es" else "en"]
    return subject, text.format(name=mail.name, url=mail.url)
