"""Messages as they leave through SMTP."""

from email.message import EmailMessage

from app.clock import now
from app.integrations import mail
from app.models import MailMessage


class _Server:
    """A server that keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    def __enter__(self):
        return self

    def __exit__(self, *_error) -> None:
        pass

    def send_message(self, message: EmailMessage) -> None:
        self.messages.append(message)


def _message(session, subject):
    row = MailMessage(key=f"k-{subject}", recipient="a@example.vn", subject=subject, body="Nội dung")
    session.add(row)
    session.flush()
    return row


def test_a_line_break_in_a_subject_holds_up_no_mail_and_adds_no_header(app, session, monkeypatch):
    server = _Server()
    monkeypatch.setitem(app.config, "SMTP_HOST", "mail.example.vn")
    monkeypatch.setattr(mail, "_server", lambda: server)
    row = _message(session, "Thủ tục\r\nBcc: b@example.vn\nđăng ký")
    mail.deliver_mail(session, row.id)
    (sent,) = server.messages
    assert sent["Subject"] == "Thủ tục Bcc: b@example.vn đăng ký"
    assert (sent["To"], sent["Bcc"]) == ("a@example.vn", None)
    assert row.sent_at is not None


def test_what_was_sent_is_not_sent_again(app, session, monkeypatch):
    server = _Server()
    monkeypatch.setitem(app.config, "SMTP_HOST", "mail.example.vn")
    monkeypatch.setattr(mail, "_server", lambda: server)
    row = _message(session, "Thông báo")
    row.sent_at = now()
    mail.deliver_mail(session, row.id)
    assert server.messages == []
