"""E-mail through SMTP; without a server the mailbox keeps what would have been sent."""

import smtplib
import ssl
from email.message import EmailMessage

from flask import current_app
from sqlalchemy.orm import Session

from app.clock import now
from app.models import MailMessage

_TIMEOUT = 20  # seconds


def deliver_mail(session: Session, message_id: int) -> None:
    """Send one message if a server is configured and it was not sent before.

    Raises OSError or smtplib.SMTPException when the server fails: the outbox tries again.
    """
    row = session.get(MailMessage, message_id)
    if row is None or row.sent_at is not None or not current_app.config["SMTP_HOST"]:
        return
    message = EmailMessage()
    message["From"] = (
        current_app.config["SMTP_FROM"] or f"noreply@{current_app.config['SMTP_HOST']}"
    )
    # A name taken over from a sheet may hold a line break; no header may, and the mail would never leave.
    message["To"], message["Subject"] = row.recipient, " ".join(row.subject.split())
    message["Message-ID"] = f"<motcua-{row.id}@{current_app.config['SMTP_HOST']}>"
    message.set_content(row.body)
    with _server() as server:
        server.send_message(message)
    row.sent_at = now()


def _server() -> smtplib.SMTP:
    config = current_app.config
    address = config["SMTP_HOST"], config["SMTP_PORT"]
    if config["SMTP_SECURITY"] == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            *address, timeout=_TIMEOUT, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(*address, timeout=_TIMEOUT)
        if config["SMTP_SECURITY"] == "starttls":
            server.starttls(context=ssl.create_default_context())
    if config["SMTP_USER"]:
        server.login(config["SMTP_USER"], config["SMTP_PASSWORD"])
    return server
