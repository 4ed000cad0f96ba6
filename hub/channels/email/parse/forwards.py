"""Recognise forwarded mails, whose content is the message itself and not quoted history."""

import re

_TITLES = (
    r"forwarded (?:message|by|mail|e-?mail)|fwd message|weitergeleitete (?:nachricht|e-?mail|mail)"
    r"|message (?:transféré|réexpédié)|courriel transféré|(?:mensaje|correo) reenviado"
    r"|(?:mensagem|e-?mail) (?:encaminhad|reencaminhad)[ao]|messaggio (?:inoltrato|reindirizzato)"
    r"|doorgestuurd (?:bericht|e-?mail)|(?:vidarebefordrat|eftersänt) (?:meddelande|brev|mejl)"
    r"|videresendt (?:besked|melding|meddelelse|e-?mail|e-post)|(?:välitetty|edelleenlähetetty) viesti"
    r"|пересылаемое (?:сообщение|письмо)|пересланное (?:сообщение|письмо)|переадресованное сообщение"
    r"|пересланий лист|переслане повідомлення|перенаправлене повідомлення|препратено съобщение"
    r"|přeposlaná zpráva|preposlaná správa|(?:wiadomość przekazana|przekazana wiadomość)"
    r"|továbbított (?:üzenet|levél)|mesaj redirecționat|proslijeđena poruka|прослеђена порука"
    r"|posredovano sporočilo|missatge reenviat|iletilen (?:ileti|mesaj|e-posta)|yönlendirilen (?:ileti|mesaj)"
    r"|προωθημένο (?:μήνυμα|mail)|הודעה שהועברה|رسالة (?:معاد توجيهها|مُعاد توجيهها|محولة)"
    r"|thư được chuyển tiếp|tin nhắn được chuyển tiếp|pesan (?:terusan|diteruskan)|ข้อความที่ส่งต่อ"
    r"|転送(?:された)?(?:メッセージ|メール)?|转发(?:的)?(?:邮件|信息)?|轉寄(?:的)?(?:郵件|信件)?|전달된"
)
_OPENINGS = (
    r"begin forwarded message|forwarded message ?:|anfang der weitergeleiteten|début du message (?:transféré|réexpédié)"
    r"|inicio del mensaje reenviado|inizio (?:del )?messaggio inoltrato|início da mensagem (?:re)?encaminhada"
    r"|begin doorgestuurd bericht|vidarebefordrat brev ?:|start på videresendt|alkuperäinen viesti alkaa"
    r"|edelleenlähetetty viesti|początek (?:przekazywanej|przekazanej)|začátek přeposílané|začiatok preposielanej"
    r"|начало (?:переадресованного|пересылаемого)|початок переадресованого|továbbított levél kezdete"
    r"|iletilen mesajın başlangıcı|転送されたメッセージ|以下は、?転送|以下是转发|开始转发|以下為轉寄|전달된 메시지"
    r"|inici del missatge reenviat|début du message réexp"
)
_FORWARD_LINE = re.compile(rf"[ \t]{{0,4}}\**(?:[-_=—–]{{2,60}}\s{{0,3}}(?:{_TITLES})|(?:{_OPENINGS}))", re.IGNORECASE)
_FORWARD_SUBJECT = re.compile(
    r"\s{0,9}(?:\[[^\]]{1,40}\]\s{0,3}){0,2}(?:fwd?|wg|weitergeleitet|tr|rv|enc|i|doorst|fs|vb|vl|pd|trs|ilt|i̇lt"
    r"|továbbítás|пересл|πρθ|הועבר|转发|轉寄|轉發|転送|전달|vs)\s?(?:\[\d{1,3}\]|\(\d{1,3}\))?\s?[:：]",
    re.IGNORECASE,
)
_VS_SUBJECT = re.compile(r"\s{0,9}vs\s?:", re.IGNORECASE)


def is_forward_line(line: str) -> bool:
    """Return whether a forwarded mail starts below this line."""
    return bool(_FORWARD_LINE.match(line))


def is_forward(subject: str, text: str) -> bool:
    """Return whether the subject marks a forward; "VS:" does in Norwegian, but marks a reply in Finnish."""
    if not _FORWARD_SUBJECT.match(subject):
        return False
    return not (_VS_SUBJECT.match(subject) and "Lähettäjä" in text)
