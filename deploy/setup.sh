# Sourced by run, test and manage: finds Python, prepares .venv, and leaves its interpreter in
# $VENV_PYTHON. Arguments: the requirements files. Everything it says goes to stderr, so that
# what a command prints stays usable by other programs.

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    cat >&2 <<'MESSAGE'
Không tìm thấy Python 3.11 trở lên. Hãy cài đặt rồi chạy lại, ví dụ trên Debian/Ubuntu:
    sudo apt install python3 python3-venv
Python 3.11 or newer was not found. Install it and start again; on Debian/Ubuntu as above.
If it lies in an unusual place: PYTHON=/path/to/python3 ./run
MESSAGE
    return 1
}

prepare_venv() {
    found=$(find_python) || exit 1
    "$found" "$ROOT/deploy/venv.py" "$ROOT/.venv" "$@" || exit 1
    VENV_PYTHON="$ROOT/.venv/bin/python"
}
