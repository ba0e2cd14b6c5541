"""./manage: the commands for those who run the system."""

import click

from app.cli import bench, conformance, database, demo, forms, history, packs, permissions, profile, users


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def manage() -> None:
    """Một Cửa: the commands for operators (lệnh dành cho người vận hành).

    On a machine without settings they work on the demo that ./run keeps under MOTCUA_HOME;
    with DATABASE_URL, REDIS_URL, STORAGE_URL and SECRET_KEY on the real system.
    See docs/deploy.md.
    """


for _command in (
    *(bench.bench, database.db, demo.demo, history.history, packs.pack, permissions.permissions, users.user),
    conformance.conformance,
    forms.form,
    profile.profile,
    demo.prepare,
):
    manage.add_command(_command)


if __name__ == "__main__":
    manage(prog_name="./manage")
