"""`hub email VERB`: tools for raw mails, without a database."""

import sys
from argparse import Namespace

from hub.channels.contract import AddVerb


def add_verbs(add: AddVerb) -> None:
    """Add `hub email parse` to the command line."""
    parse = add("parse", _parse, "Read raw mails; prints one JSON object a line.")
    parse.add_argument("files", nargs="+", metavar="FILE")
    parse.add_argument("--content", action="store_true", help="with the attachments' bytes, in base64")


def _parse(chosen: Namespace) -> int:
    from hub.channels.email.command import parse_files

    return parse_files(chosen.files, content=chosen.content, output=sys.stdout)
