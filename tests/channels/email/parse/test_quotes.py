"""The new text of a reply is kept; quoted history and signature are removed."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.channels.email.parse.quotes import extract_reply

OWN = "Thanks, the parcel came today.\n\nOne cup is broken, though."

QUOTED = [
    "On Tue, 4 Mar 2025 at 09:12, Ana Ruiz <ana@shop.example> wrote:",
    "On Tue, 4 Mar 2025 at 09:12, A Very Long Name Of A Support Team <\nsupport+longaddress@shop.example> wrote:",
    "El mar, 4 mar 2025 a las 9:12, Ana Ruiz (<ana@shop.example>) escribió:",
    "Am 04.03.2025 um 09:12 schrieb Ana Ruiz <ana@shop.example>:",
    "Am Di., 4. März 2025 um 09:12 Uhr schrieb Ana Ruiz <\nana@shop.example>:",
    "Le mar. 4 mars 2025 à 09:12, Ana Ruiz <ana@shop.example> a écrit :",
    "Em ter., 4 de mar. de 2025 às 09:12, Ana Ruiz <ana@shop.example> escreveu:",
    "Il giorno mar 4 mar 2025 alle ore 09:12 Ana Ruiz <ana@shop.example> ha scritto:",
    "Op di 4 mrt 2025 om 09:12 schreef Ana Ruiz <ana@shop.example>:",
    "wt., 4 mar 2025 o 09:12 Ana Ruiz <ana@shop.example> napisał(a):",
    "Den tis 4 mars 2025 kl 09:12 skrev Ana Ruiz <ana@shop.example>:",
    "Den tirs. 4. mar. 2025 kl. 09.12 skrev Ana Ruiz <ana@shop.example>:",
    "ti 4. maalisk. 2025 klo 9.12 Ana Ruiz <ana@shop.example> kirjoitti:",
    "вт, 4 мар. 2025 г. в 09:12, Ana Ruiz <ana@shop.example>:",
    "út 4. 3. 2025 v 9:12 odesílatel Ana Ruiz <ana@shop.example> napsal:",
    "Ana Ruiz <ana@shop.example>, 4 Mar 2025 Sal, 09:12 tarihinde şunu yazdı:",
    "2025年3月4日(火) 9:12 Ana Ruiz <ana@shop.example>:",
    "Ana Ruiz <ana@shop.example> 于2025年3月4日周二 09:12写道：",
    "2025년 3월 4일 (화) 오전 9:12, Ana Ruiz <ana@shop.example>님이 작성:",
]

BLOCKS = [
    "From: Ana Ruiz <ana@shop.example>\nSent: Tuesday, March 4, 2025 9:12 AM\nTo: Bo\nSubject: Your order",
    (
        "________________________________\nVon: Ana Ruiz <ana@shop.example>\n"
        "Gesendet: Dienstag, 4. März 2025 09:12\nAn: Bo\nBetreff: Ihre Bestellung"
    ),
    "De : Ana Ruiz <ana@shop.example>\nEnvoyé : mardi 4 mars 2025 09:12\nÀ : Bo\nObjet : Votre commande",
    "De: Ana Ruiz <ana@shop.example>\nEnviado el: martes, 4 de marzo de 2025 9:12\nPara: Bo\nAsunto: Su pedido",
    "Van: Ana Ruiz <ana@shop.example>\nVerzonden: dinsdag 4 maart 2025 09:12\nAan: Bo\nOnderwerp: Uw bestelling",
    "Da: Ana Ruiz <ana@shop.example>\nInviato: martedì 4 marzo 2025 09:12\nA: Bo\nOggetto: Il suo ordine",
    "差出人: Ana Ruiz <ana@shop.example>\n送信日時: 2025年3月4日 9:12\n宛先: Bo\n件名: ご注文",
    "发件人: Ana Ruiz <ana@shop.example>\n发送时间: 2025年3月4日 9:12\n收件人: Bo\n主题: 订单",
    "보낸 사람: Ana Ruiz <ana@shop.example>\n보낸 날짜: 2025년 3월 4일 9:12\n받는 사람: Bo\n제목: 주문",
    "-----Original Message-----\nFrom: Ana",
    "-----Ursprüngliche Nachricht-----\nVon: Ana",
    "------------------ 原始邮件 ------------------\n发件人: Ana",
    "##- Please type your reply above this line -##",
]

SIGNATURES = [
    "-- \nBo Berg\nHarbour Street 5",
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Get Outlook for Android<https://aka.ms/xyz>",
    "iPhoneから送信",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Skickat från min iPhone",
]


@pytest.mark.parametrize("line", QUOTED)
def test_a_marked_quote_below_is_removed_in_each_language(line: str) -> None:
    assert extract_reply(f"{OWN}\n\n{line}\n\n> Your parcel is on its way.\n> Ana\n") == OWN


@pytest.mark.parametrize("line", [line for line in QUOTED if "@" in line])
def test_an_unmarked_quote_below_is_removed_in_each_language(line: str) -> None:
    assert extract_reply(f"{OWN}\n\n{line}\n\nYour parcel is on its way.\n\nAna\n") == OWN


@pytest.mark.parametrize("block", BLOCKS)
def test_a_header_block_and_all_below_is_folded(block: str) -> None:
    assert extract_reply(f"{OWN}\n\n{block}\n\nYour parcel is on its way.\n") == OWN


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_is_folded(signature: str) -> None:
    assert extract_reply(f"{OWN}\n\n{signature}\n") == OWN


@pytest.mark.parametrize(
    "text",
    [
        "I want to travel\nFrom: Berlin\nTo: Paris\nDate: 3 May 2025\nPlease book it.",
        "On Friday I wrote:\n\nplease call me. Nobody did.",
        "Look at this -- it is broken.",
        "Sent from my desk, which is easier than my telephone, as you asked me to.",
        "On 3 March your colleague wrote:\n\nwe will pay you back\n\nBut nothing came.",
        "The log says:\n> error 7\n> stop",
        "I saw this:\n> error 7\nWhat does it mean?",
        "--",
    ],
)
def test_own_words_that_look_like_a_quote_are_kept(text: str) -> None:
    assert extract_reply(text) == text


def test_an_answer_below_the_quote_is_kept() -> None:
    assert extract_reply(f"{QUOTED[0]}\n> Did it come?\n> Ana\n\n{OWN}") == OWN


def test_answers_between_quotes_are_kept() -> None:
    folded = extract_reply(
        f"{QUOTED[0]}\n> Did it come?\n\nYes, today.\n\n> Is it whole?\n\nNo, one cup is broken.\n\n> Ana\n"
    )
    assert "Yes, today." in folded
    assert "No, one cup is broken." in folded
    assert not folded.endswith("Ana")


def test_a_forwarded_mail_is_kept() -> None:
    text = (
        "See below.\n\n---------- Forwarded message ---------\nFrom: A <a@b.example>\n"
        "Date: Tue, 4 Mar 2025\nSubject: x\nTo: B\n\nThe words."
    )
    assert "The words." in extract_reply(text)


def test_a_reply_with_nothing_of_its_own_is_empty() -> None:
    assert extract_reply(f"\n\n{QUOTED[0]}\n\n> Your parcel is on its way.\n") == ""


def test_quotes_of_an_html_mail_are_folded() -> None:
    said = QUOTED[0].replace("<", "&lt;")
    html = f"<div>Thanks!</div><div class=gmail_quote><div>{said}<br></div><blockquote>Old</blockquote></div>"
    assert extract_reply("", html) == "Thanks!"


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab >\n-:1@<.", max_size=200))
def test_something_is_always_left_of_something(text: str) -> None:
    assert extract_reply(text) or not text.strip() or ">" in text


UNNAMED = [
    "---- On Tue, 04 Mar 2025 09:12:00 +0100 Ana Ruiz <ana@shop.example> wrote ----",
    "Ana Ruiz kirjoitti 4.3.2025 klo 9.12:",
    "04.03.2025 09:12, Ana Ruiz пишет:",
    "04.03.2025 09:12 tarihinde Ana Ruiz yazdı:",
    "Στις 4/3/25 09:12, ο Ana Ruiz έγραψε:",
    "Dňa 4. 3. 2025 o 9:12 Ana Ruiz napísal(a):",
    "\u202bבתאריך יום ג׳, 4 במרץ 2025 ב-9:12 מאת \u202aAna\u202c\u200f <\u202aana@shop.example\u202c\u200f>:\u202c",
    "في الثلاثاء، 4 مارس 2025 في 9:12 ص تمت كتابة ما يلي بواسطة Ana Ruiz <ana@shop.example>:",
    "2025/3/4 Ana Ruiz <ana@shop.example>",
    "--------------------\nAna Ruiz <ana@shop.example> schrieb am 4. März 2025:",
]


@pytest.mark.parametrize("line", UNNAMED)
def test_a_marked_quote_needs_no_opening_word(line: str) -> None:
    assert extract_reply(f"{OWN}\n\n{line}\n\n> Your parcel is on its way.\n> Ana\n") == OWN


def test_a_header_block_in_an_unknown_language_is_folded() -> None:
    block = "Ó: Ana Ruiz <ana@shop.example>\nSeolta: Dé Máirt 4 Márta 2025 09:12\nChuig: Bo\nÁbhar: Ordú"
    assert extract_reply(f"{OWN}\n\n{block}\n\nYour parcel is on its way.\n") == OWN


def test_a_groupwise_quote_is_folded() -> None:
    assert (
        extract_reply(f"{OWN}\n\n>>> Ana <ana@shop.example> 04.03.2025 09:12 >>>\nYour parcel is on its way.\n") == OWN
    )


@pytest.mark.parametrize(
    "glued",
    [
        "Great, it came. On Tue, Mar 4, 2025 at 9:12 AM, ana@shop.example wrote:",
        "Great, it came.--- On Tue, Mar 4, 2025 at 9:12 AM, ana@shop.example wrote:",
        "Great, it came. Am Di., 4. März 2025 um 09:12 Uhr schrieb Ana <ana@shop.example>:",
    ],
)
def test_text_glued_to_an_attribution_is_not_lost(glued: str) -> None:
    assert extract_reply(f"{glued}\n> Did it come?\n") == "Great, it came."


def test_a_list_between_dashes_is_no_signature() -> None:
    text = "Good:\n--\nfast\ncheap\n--\nBad:\nugly"
    assert extract_reply(text) == text


def test_a_form_with_an_address_and_a_date_is_no_history() -> None:
    text = "My data:\nEmail: bo@x.example\nName: Bo Berg\nOrder of: 4 March 2025\nItem: cup\n\nPlease check."
    assert extract_reply(text) == text


@pytest.mark.parametrize(
    "line",
    [
        "(Sent from a phone)", "Sent from my cell, please excuse any typos.", "From my iPhone 6", "Odesláno z iPhonu",
        "Надіслано з iPhone", "Wysłane z iPhone'a", "נשלח מה-iPhone שלי", "Trimis de pe iPhone-ul meu",
        "Von Samsung Galaxy-Smartphone gesendet.", "Envoyé à partir d'Outlook", "Get Outlook for iOS https://aka.ms/x",
        "Diese Nachricht wurde von meinem Android-Mobiltelefon mit K-9 Mail gesendet.",
    ],
)  # fmt: skip
def test_a_mobile_signature_is_removed(line: str) -> None:
    assert extract_reply(f"{OWN}\n\n{line}\n") == OWN


@pytest.mark.parametrize(
    "line",
    [
        "Get me a new phone", "Sent you a photo from my phone", "Sent it from Berlin by phone order",
        "Get Outlook working for me please", "Download the mobile app with my phone",
        "From my phone I cannot open it", "Sent via DHL",
    ],
)  # fmt: skip
def test_a_last_line_about_a_phone_is_kept(line: str) -> None:
    assert extract_reply(f"{OWN}\n\n{line}\n").endswith(line)


def test_a_signature_with_a_link_in_it_is_folded() -> None:
    assert extract_reply(f"{OWN}\n\nSent with Proton Mail <https://proton.me/> secure email.\n") == OWN


@pytest.mark.parametrize(
    "opening",
    [
        "Begin forwarded message:\n\n> From: Cem <cem@x.example>\n>\n> ",
        "> Begin forwarded message:\n>\n> From: Cem <cem@x.example>\n>\n> ",
        "Forwarded message:\n\n> From: Cem <cem@x.example>\n>\n> ",
        "-------- Weitergeleitete Nachricht --------\nVon: Cem <cem@x.example>\n\n",
        "Начало переадресованного сообщения:\n\n> От: Cem <cem@x.example>\n>\n> ",
        "---------- 转发的邮件 ---------\n发件人： Cem <cem@x.example>\n\n",
        "---------- הודעה שהועברה ---------\nמאת: Cem <cem@x.example>\n\n",
    ],
)
def test_a_forwarded_mail_is_kept_however_it_is_announced(opening: str) -> None:
    folded = extract_reply(f"Please see below.\n\n{opening}The cup is broken.\n")
    assert "Please see below." in folded
    assert "The cup is broken." in folded


@pytest.mark.parametrize(
    "piece",
    [
        ">",
        "On On 1 ",
        "x On Am 1 wrote:\n",
        "From: a@b\nx: y\n",
        "---- \n",
        "a@\n",
        "\u202a\n",
        "a ",
        "On 1 ",
        "12.12.2024 a@b.c wrote:\n",
        "From: a@b\n",
        "--\n",
        "x\n> y\n",
        "Sent from my ",
    ],
)
def test_a_megabyte_is_folded_in_time(piece: str) -> None:
    began = time.perf_counter()
    extract_reply(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize("line", [line for line in [*QUOTED, *UNNAMED] if "\n" not in line])
@pytest.mark.parametrize("own", ["Order 55 came.", "Thanks", "Write to bo@x.example, room 7", "On 3 May it came"])
def test_text_right_above_an_attribution_is_not_lost(line: str, own: str) -> None:
    assert extract_reply(f"{own}\n{line}\n> Did it come?\n").startswith(own)
