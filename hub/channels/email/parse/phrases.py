"""Phrases of mail programs, in many languages: attributions, header labels, and signatures of mobile phones."""

import re

_WROTE_VERBS = (
    r"wrote|writes|escribi[óo]|escribe|schrieb|schreibt|hat geschrieben|(?:a|à) écrit|écrit"
    r"|escreveu|ha scritto|scritto|schreef|heeft geschreven"
    r"|napisał\(a\)|napisała?|pisze|skrev|skreiv|kirjoitti|написала?\(а\)|написала?|пишет|писала?"
    r"|napsal\(a\)|napsala?|napísal\(a\)|napísala?|napisao je|napisala? je"
    r"|je napisala?|написав(?:\(-ла\))?|написа|şunu yazdı|yazdı|şunları yazdı"
    r"|写道|寫道|书写|さんは書きました|書きました|のメール|님이 작성|작성|έγραψε|írta|a scris"
    r"|va escriure|đã viết|menulis|เขียนว่า|כתב(?:ה|/ה)?|كتبت?|تمت كتابة|wrote the following"
)
WROTE = re.compile(rf"(?<!\w)(?:{_WROTE_VERBS})(?!\w)|写道|寫道|書きました|님이 작성|작성", re.IGNORECASE)
ATTRIBUTION_ENDS = frozenset(re.findall(r"[^\s|]+(?=\||$)", _WROTE_VERBS.replace("\\", "").replace("(?:a|à) ", "")))
"""An attribution may end with one of these words."""
ATTRIBUTION_ENDS_CJK = ("写道", "寫道", "書きました", "님이 작성", "작성")
ATTRIBUTION_START = re.compile(
    r"[*_ \t]{0,4}[-—–]{0,20}[ \t]?(?:\d{1,4}[./年년:\-, ]|(?:on|el|le|am|em|il|in data|op|w dniu|dnia"
    r"|den|dne|no dia|at|från|på|em|lør|søn|dňa|în|pe|στις|vào|בתאריך|في|man|tir|ons|tor|fre|于|在|"
    r"mon|tue|wed|thu|fri|sat|sun|\d{1,2}\.? \w+|пн|вт|ср|чт|пт|сб|вс|"
    r"lun|mar|mié|jue|vie|sáb|dom|seg|ter|qua|qui|sex|ma|ke|pe|la|su|po|út|st|čt|pá|so|ne"
    r"|dne)(?!\w))",
    re.IGNORECASE,
)
INNER_ATTRIBUTION_START = re.compile(
    r"(?<=[\s\-—–.!?,;:)])(?:On|Am|Le|El|Em|Il|Op|Den|På|Dne|Dnia|W dniu)"
    r"\s(?=(?:(?:[^\W\d]{2,12}[.,]{0,2}\s){0,3})\d{1,4}[^\d])"
)
"""The start of an attribution behind other text in the same line."""

DATE_WITH_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")

_ORIGINAL_TITLES = (
    r"original message|original e-?mail|mensaje original|correo original|message d['’]origine"
    r"|message original|courriel original"
    r"|urspr(?:ü|ue)ngliche (?:nachricht|e-?mail|mail)|originalnachricht|original-nachricht"
    r"|mensagem original|messaggio originale|oorspronkelijk bericht|origineel bericht|oorspronkelijke? e-?mail"
    r"|original ?meddelande|ursprungligt meddelande|oprindelig (?:besked|meddelelse)"
    r"|original meddelelse|original besked|opprinnelig (?:melding|e-post)|original ?melding"
    r"|alkuperäinen viesti|исходное сообщение|оригинальное сообщение|původní (?:zpráva|e-?mail)"
    r"|orijinal (?:ileti|mesaj)|özgün ileti|wiadomość oryginalna|oryginalna wiadomość"
    r"|wiadomość pierwotna"
    r"|元のメッセージ|元のメール|原始邮件|邮件原件|原始郵件|原郵件|原邮件|원본 메시지|원본 메일"
    r"|original appointment|reply message"
    r"|mensaje anterior"
)
ORIGINAL_MESSAGE = re.compile(
    rf"[ \t]{{0,8}}\**[-_=—–]{{2,80}}\s{{0,4}}(?:{_ORIGINAL_TITLES})"
    r"\s{0,4}(?:[-_=—–]{2,80})?\s{0,4}[:：]?\**\s*$",
    re.IGNORECASE,
)
REPLY_ABOVE = re.compile(
    r"[ \t#*=_-]{0,40}(?:please )?(?:type|write|enter) your (?:reply|answer"
    r"|response) above this line|[ \t#*=_-]{2,40}\s?reply above this line"
    r"|[#*=_-]{2,40}.{0,30}(?:por encima de esta línea|über dieser zeile|au-dessus de cette ligne"
    r"|acima desta linha|sopra questa (?:riga|linea)|boven deze (?:lijn|regel))",
    re.IGNORECASE,
)
_HEADER_LABELS = {
    "from": "from|von|de|da|van|od|från|fra|lähettäjä|от|отправитель|odesílatel|kimden|gönderen|差出人"
    "|发件人|發件人|寄件者|寄件人|보낸 사람|보낸사람|expéditeur|feladó|από|מאת|من|expeditor|de la|pošiljatelj|від|dari"
    "|від кого|odosielateľ|từ|จาก|remitente|remetente|mittente|afzender|absender|nadawca|avsändare|avsender",
    "date": "sent|date|gesendet|datum|enviad[oa](?: el| em)?|fecha|data|envoyé(?: le)?|message du|inviato"
    "|verzonden|wysłano|wysłane|skickat|skickat den|sendt|dato|lähetetty|päivämäärä|päiväys"
    "|отправлено|дата|odesláno|gönderildi|gönderme tarihi|tarih|送信日時|日付|日時|发送时间|發送時間|日期"
    "|寄件日期|보낸 날짜|날짜|elküldve|dátum|εστάλη|στάλθηκε|ημερομηνία|נשלח|תאריך|تاريخ الإرسال|التاريخ|trimis"
    "|poslano|odoslané|надіслано|изпратено|dikirim|tanggal|đã gửi|ngày|ส่ง|วันที่|enviat|date d'envoi",
    "to": r"to|an|para|pour|à|a|aan|do|dla|till|til|vastaanottaja|кому|komu|kime|alıcı|宛先|收件人"
    "|收件者|받는 사람|받는사람|cc|copie à|kopia|kopie|copia|kopi|抄送|참조|reply-to|antwort an|címzett|προς|אל|إلى"
    "|către|za|per a|kepada|đến|tới|ถึง|destinataire|destinatario|destinatário|empfänger",
    "subject": "subject|betreff|asunto|objet|assunto|oggetto|onderwerp|temat|ämne|emne|aihe|тема|předmět"
    "|konu|件名|主题|主[ \u3000]*题|主旨|主題|제목|tárgy|θέμα|נושא|الموضوع|subiect|zadeva|predmet|относно|subjek"
    "|assumpte|chủ đề|เรื่อง|sujet|predmet",
}
HEADER_LABEL = re.compile(
    "[ \t*_>|]{0,12}(?:"
    + "|".join(f"(?P<{name}>{labels})" for name, labels in _HEADER_LABELS.items())
    + r")[ \t\u00a0]{0,3}\**[ \t]{0,2}[:：]",
    re.IGNORECASE,
)
UNKNOWN_LABEL = re.compile(r"[ \t*_>|]{0,12}[^\W\d_][^\d:：@<>-]{0,23}[:：]")
"""The label of a header field in an unknown language."""

RAW_HEADER = re.compile(
    r"[ \t]*(?:message-id|received|return-path|delivered-to|mime-version|x-[\w-]+|content-[\w-]+) ?:", re.IGNORECASE
)
"""A header field that mail programs do not show: people paste it from the source of a mail as evidence."""

_DEVICES = (
    r"iphone|iphon[uiey]|ipad|ipod|android|mailbox|correo"
    r"|blackberry|outlook|windows (?:phone|mail)|samsung|galaxy|huawei"
    r"|xiaomi|redmi|nokia|sony|lg|htc|motorola|pixel|oneplus|gmail|yahoo|aol|mail\.ru|mail for windows"
    r"|mail app|proton ?mail|spark|handy|smartphone|smart phone|mobile|mobiltelefon|mobil|móvil"
    r"|celular|portable|telefon|telefoon|téléphone|telefono|tablet|phone|airmail|mailbird|bluemail"
    r"|web\.de|gmx|t-online|wiko|fairphone|thunderbird|k-9|nine|type app|newton|zimbra|tutanota|tuta|sparrow"
)
_SENT = (
    r"sent|gesendet|geschickt|sendt|skickat|enviado|enviada|envoyé|inviato|verzonden|verstuurd|wysłane|wysłano|lähetetty"
    r"|отправлено|надіслано|изпратено|odesláno|odoslané|poslano|elküldve|trimis|στάλθηκε|enviat|dikirim"
)
_FROM = (
    r"from|von|vom|mit|fra|från|desde|de|do|da|depuis|à partir|con|dal|del|van|vanaf|met|z|ze|из|с|з|от|via|using|with"
    r"|through|by|à|partir|pe|από|iz|s|dari"
)
_GET_VERBS = (
    r"get|obtener?|obtén|obtenez|obter|téléchargez|télécharger|holen sie sich|scarica|ottieni|download|hanki|hämta"
)
_MAIL_APPS = (
    r"outlook|gmail|yahoo ?mail|proton ?mail|spark|bluemail|aqua mail|edison mail|airmail|newton|mail\.ru|gmx|web\.de"
)
MOBILE_SIGNATURE = re.compile(
    rf"[ \t*_>(<-]{{0,6}}(?:(?:{_SENT})(?:[ \t]+(?:securely|wirelessly|à|a))?[ \t]+(?:{_FROM})(?:[ \t]+|[ \t]+d['’])"
    rf"(?:[\w'’.()+-]+[ \t]+){{0,4}}?(?:{_DEVICES})(?:['’-]?\w{{1,6}})?(?:[ \t]+[\w'’.()+-]+){{0,5}}"
    rf"|(?:{_GET_VERBS}|hent|pobierz|hämta)[ \t]+(?:{_MAIL_APPS})[ \t]+(?:for|für|pour|para|per|voor|til|för|dla|pro)"
    rf"[ \t]+[\w ]{{2,20}}"
    rf"|lähetetty[ \t]+(?:{_DEVICES})\w{{0,6}}|from my (?:{_DEVICES})(?:[ \t]+[\w-]+){{0,2}}"
    rf"|von (?:mein\w* )?(?:[\w-]+ ){{0,4}}?(?:{_DEVICES})(?:[ -][\w-]+){{0,4}} (?:gesendet|geschickt)"
    rf"|von mein\w* [\w -]{{2,40}} (?:gesendet|geschickt)"
    rf"|diese nachricht wurde von mein\w* [\w .-]{{2,60}} gesendet|verstuurd vanaf mijn [\w ]{{2,30}}"
    rf"|.{{1,20}}から送信(?:されました)?|发自我的.{{1,20}}|從我的.{{1,20}}傳送|从我的.{{1,20}}发送"
    rf"|.{{1,20}}에서 보냄|.{{0,4}}(?:{_DEVICES}).{{0,6}} küldve"
    rf"|נשלח מה?-?.{{1,24}}|(?:نُشرت|أُرسلت|أرسلت|مرسل) من .{{1,30}}"
    rf"|sent from (?:my|a|mailbox|phone|mobile)(?:[ \t]+[\w-]+){{0,5}}|.{{1,20}}(?:'?dan|'?den|’dan|’den) gönderildi"
    rf"|sent by (?:{_DEVICES})|отправлено с .{{1,30}})"
    r"[ \t]*[.)>]{0,3}(?:[,.]?[ \t]*(?:please )?(?:excuse|pardon|forgive) [\w' ]{2,50}[.!]?)?[ \t]*$",
    re.IGNORECASE,
)
