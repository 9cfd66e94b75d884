"""The words of forms in eleven languages, as patterns over folded text.

The languages are English, German, French, Spanish, Italian, Polish, Portuguese, Dutch, Russian, Chinese and Serbian.
Words are compared folded (`folded`): lower case, no accents, everything that is no letter or digit a space.
"""

import re
import unicodedata
from functools import lru_cache

from integrations.capabilities import FieldKind

MAX_LABEL = 200
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD = re.compile(r"[\W_]+")


def words_pattern(pattern: str) -> re.Pattern[str]:
    """Compile words that are written as `folded` leaves them; a letter that decomposes is decomposed here, too."""
    return re.compile(_without_accents(re.sub(r"\s+", "", pattern).replace("~", " ")))


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


# In the patterns "~" is a space; the order is that of the questions: the first that fits is the answer.
CAPTCHA = words_pattern(
    r"captcha|security~?(?:code|check|image)|\bverif(?:y|ication)?~?(?:code|image|number)|\bvcode\b|vvcode|\bn?sec~?code"
    r"|(?:prove|confirm|verify)~(?:that~)?you~(?:are|re)|(?:anti|proti|przeciw\w*|contra|contre|tegen|gegen|against|от)~?spam"
    r"|image~?(?:code|verif)|anti~?(?:spam|bot|robot)|spam~?(?:schutz|check|protect|frage|filter)|human~?(?:check|test)"
    r"|are~you~(?:a~)?human|not~a~robot|(?:letters|characters|text|code|numbers|digits|word)~(?:\w+~){0,4}"
    r"(?:image|picture|shown|above|below)|sicherheits~?(?:code|abfrage|frage)|bestatigungscode|zahlencode|prufcode"
    r"|code~(?:de~)?(?:securite|verification)|anti~?robot|recopie|codigo~(?:de~)?(?:seguridad|seguranca|verifica)"
    r"|codice~(?:di~)?(?:sicurezza|verifica|controllo)|kod~(?:z~obraz|zabezpiecz|weryfik|bezpiecz)|przepisz"
    r"|beveiligingscode|verificatiecode|код~(?:с~)?(?:картинк|проверк|подтвержд|безопасн|изображ)|защитный~код"
    r"|проверочный|каптч|капч|验证码|校验码|驗證碼|kontrolni~k|sigurnosni~k|контролни~к|\bseccode|bot~?check|solve"
)
ARITHMETIC = re.compile(
    r"\d{1,2}\s*(?:[+*×]|[-–]\s|plus|minus|mal\b|fois|más|mas\b|più|piu\b|times)\s*\d{1,2}\s*(?:=|\?|is\b|$)"
    r"|(?:what is|was ist|wieviel|wie viel|combien|cuánto|cuanto|quanto|ile|hoeveel|сколько|koliko)\b.{0,20}\d{1,2}\s*"
    r"(?:[+*×-]|plus|und|minus|et|y|e|en)\s*\d{1,2}|\bsum of\b.{0,20}\d",
    re.I,
)
NEWSLETTER = words_pattern(
    r"newsletter|news~?letter|subscri|abonn|mailing~?list|mailinglist|suscri|iscri(?:viti|zione)|biuletyn|boletin"
    r"|boletim|nieuwsbrief|рассылк|подпис|bilten|билтен|订阅|訂閱|lettre~d~info|infolettre|\bnews\b|opt~?in|promotion"
    r"|(?:receive|send~me|erhalten|recevoir|recibir|ricevere|receber|otrzym|ontvang|получать)~(?:\w+~){0,5}"
    r"(?:emails?|e~mails?|offers?|updates?|news|information|info|angebot|offres|ofertas|offerte|новост)|special~offers"
    r"|marketing"
)
CONSENT = words_pattern(
    r"\bagree|accept|\bconsent|terms|\btos\b|privacy|gdpr|dsgvo|datenschutz|\bagb\b|einverstanden|zustimm|einwillig"
    r"|rgpd|avg\b|acept|condicion|condizion|conditions|confidential|informativa|consenso|zgod[aey]|zgadzam|akcept"
    r"|regulamin|aceito|concord|politi[ck]|akkoord|voorwaarden|toestemming|соглас|услови|политик|обработк|同意|条款|隐私"
    r"|協議|协议|saglas|prihvat|slazem|сагласн|прихват|einwilligung|\bacceptance|legal|rodo\b|disclaimer"
)
NO_PERSON = words_pattern(
    r"user~?name|\blogin|\bnick|benutzer|pseudo\b|identifiant|usuario|nome~utente|usuario|uzytkownik|gebruikers"
    r"|логин|用户名|用戶名|korisnicko|screen~?name|file~?name|coupon|promo|gutschein|voucher|\bfax|telefax|факс|传真"
    r"|domain~?name|hostname|card~?(?:number|holder)|birth|geburt|naissance|nacimiento|nascita|урожд|\bdob\b|gender"
    r"|middle~?name|\bstate\b|province|bundesland|provinc|captcha"
)
KINDS: tuple[tuple[FieldKind, re.Pattern[str]], ...] = (
    (
        "email",
        words_pattern(
            r"e~?mail|\bmail\b|\bmail~?(?:adr|addr|from)|courriel|\bcorreo|posta~elettronica|\bposta\b|\bpoczt[ay]\b|\bmel\b"
            r"|(?<!\w)эл\w*~(?:почт|адрес)|почт\w*\b(?<!почтовый)|имейл|мейл|имејл|邮箱|邮件|電郵|电邮|郵箱|信箱|e~?posta"
            r"|електронск\w+~(?:пошт|адрес)|elektronsk\w+~(?:post|adres)|replyto"
        ),
    ),
    (
        "phone",
        words_pattern(
            r"phone|\btel\b|\btel(?:e|nr|nummer)|teleph|telef|\bmobil|\bhandy|\bcell\b|cellul|celular|rufnummer|ruckruf"
            r"|\bfon\b|\bfono|movil\b|whatsapp|\bgsm\b|komork|телеф|\bтел\b|мобил|电话|電話|手机|手機|联系方式|\bkontakt~tel"
        ),
    ),
    (
        "job_title",
        words_pattern(
            r"job|position\b|\brole\b|funktion|beruf|fonction|\bcargo\b|puesto|\bruolo|mansione|stanowisk|\bfunctie"
            r"|должност|职位|职务|職位|pozicij|радно~место|radno~mesto|occupation|profession"
        ),
    ),
    (
        "company",
        words_pattern(
            r"compan|organi[sz]a|\borg\b|\bfirm[aey]?\b|firmen|unternehm|societe|entreprise|empres|aziend|societa|ragione"
            r"|bedrijf|компани|организац|предприят|фирма|公司|单位|企业|單位|preduzec|kompanij|предузећ|employer|institut"
            r"|business~?name|raison~sociale|nazwa~firm|naziv~firm|school"
        ),
    ),
    (
        "website",
        words_pattern(
            r"web~?(?:site|seite|page|adres|addr|stranic)|\burl\b|home~?page|internetseite|site~(?:web|internet)|\bsitio\b"
            r"|\bsito\b|\bstrona\b|\bсайт|网址|网站|網站|\bweb\b|\bwww\b|\bsite\b|\bsajt|\bсајт|\bpagina~web|\burl"
        ),
    ),
    (
        "postcode",
        words_pattern(
            r"\bzip|post~?code|postal~?(?:code)|postleitzahl|\bplz\b|code~postal|\bcp\b|\bcap\b|kod~poczt|\bcep\b|индекс"
            r"|邮编|郵編|postansk|поштански|\bpostal\b"
        ),
    ),
    (
        "city",
        words_pattern(
            r"\bcity|\btown\b|(?<!\w)ort\b|wohnort|\bstadt\b|\bville\b|ciudad|poblacion|\bcitta|\bmiasto|miejscow|cidade"
            r"|\bplaats|woonplaats|\bгород|населенный|城市|\bgrad\b|\bград\b|\bmesto\b|locality"
        ),
    ),
    (
        "country",
        words_pattern(
            r"countr|\bland\b|\bpays\b|\bpais\b|\bpaese|nazione|\bkraj\b|страна|国家|國家|zemlja|drzava|држава|земља"
        ),
    ),
    ("budget", words_pattern(r"budget|presupuesto|budzet|orcamento|бюджет|预算|預算|price~?range|бу[џд]жет")),
    (
        "address",
        words_pattern(
            r"(?<!ip~)addres|\badres|street|strasse|\bstr\b|\brue\b|direccion|\bcalle\b|indirizzo|\bvia\b|\bulica|endereco"
            r"|\brua\b|straat|адрес|улица|地址|\bulica|postanschrift|anschrift|\baddr"
        ),
    ),
    (
        "name",
        words_pattern(
            r"vor~(?:und|u)~(?:nach|zu)?name|first~(?:and|n|name)~(?:and~)?last|imie~i~nazw|nombre~(?:y|completo)|nome~(?:e|completo)"
            r"|имя~(?:и~)?фам|фамилия~(?:и~)?имя|ime~i~prez|име~и~през|nom~(?:et~)?pr[ée]nom|prenom~(?:et~)?nom|voor~en~achter|full~?name"
            r"|cognome~(?:e~)?nome|nome~(?:e~)?cognome|\bфио\b"
        ),
    ),
    (
        "last_name",
        words_pattern(
            r"last~?n|\blname|sur~?name|family~?n|nach~?name|nom~de~famille|apellido|cognome|nazwisk|sobrenome|apelido"
            r"|achternaam|familien~?name|фамили|姓氏|prezime|презиме|zuname"
        ),
    ),
    (
        "first_name",
        words_pattern(
            r"first~?n|\bfname|fore~?name|given~?n|vor~?name|prenom|primer~nombre|\bimie\b|voornaam|primeiro~nome"
        ),
    ),
    (
        "name",
        words_pattern(
            r"name|\bnom\b|nombre|\bnome|\bnaam|\bимя|\bиме|姓名|名字|称呼|稱呼|\bime\b|author|ansprechpartner|contact~person|person"
            r"|interlocut|kontaktna~osoba|obraca"
        ),
    ),
    (
        "subject",
        words_pattern(
            r"subject|\bsubj|betreff|\bsujet|\bobjet|asunto|oggetto|temat\b|assunto|onderwerp|\bтема|主题|主題|标题|標題"
            r"|naslov|predmet|\btitle|\btitre|\btitel|\btitulo|\btitolo|\btytul|\btopic|заголов|headline|\bthema|\bгде"
            r"|regarding|\breason|department|abteilung|\bmotiv|наслов|предмет"
        ),
    ),
    (
        "message",
        words_pattern(
            r"mess?age|\bmsg|comment|nachricht|mitteilung|kommentar|anfrage|mensaje|comentario|consulta|messaggio|richiesta"
            r"|wiadomosc|tresc|komentarz|mensagem|bericht|opmerking|\bvraag|сообщ|коммент|вопрос|отзыв|текст|留言|内容|信息"
            r"|消息|咨询|poruk|komentar|порук|enquir|inquir|question|feedback|review|\bbody|\btext|details|descri|remark"
            r"|\bnotes?\b|reply|antwort|reponse|питање|content|suggest|anliegen|upit"
        ),
    ),
    (
        "query",
        words_pattern(
            r"search|\bsuch|recherch|\bbusca|\bcerca|ricerca|szuk|pesquis|zoek|поиск|искать|найти|搜索|搜尋|查询|pretra"
            r"|претра|\bq\b|query|keyword|\bhled|\bfind\b|\bs\b"
        ),
    ),
)
EMAIL = KINDS[0][1]
# Some of them stand in every list of countries.
COUNTRIES = frozenset(["germany", "france", "italy", "spain", "canada", "austria"]).union(
    ["deutschland", "frankreich", "italien", "spanien", "allemagne", "italie", "espagne", "alemania", "francia"],
    ["italia", "españa", "germania", "spagna", "niemcy", "francja", "włochy", "alemanha", "frança", "itália"],
    ["duitsland", "frankrijk", "italië", "германия", "франция", "италия", "испания", "德国", "法国", "意大利"],
    ["nemačka", "francuska", "italija", "španija", "немачка", "француска", "италија", "шпанија"],
)
# Names that form builders give their traps, and what the label of one says to those who see it after all.
TRAP_NAMES = words_pattern(
    r"honey|\bhp\b|\bgotcha|\bbot~?(?:field|check|trap)|no~?spam|\bb~[0-9a-f]{10,}~|spam~?trap|trap\b|\bleave~?(?:this|blank)"
    r"|\bfax~?only|contact~me~by~fax|winnie|\bak~hp|\bfill~?me\b|sweet~?captcha|gform~validation|\bemail~?address~?check\b"
)
TRAP_WORDS = words_pattern(
    r"leave~(?:this~)?(?:\w+~){0,3}(?:blank|empty|alone)|(?:do~not|don~t|dont)~(?:fill|enter|change|write)|should~be~(?:left~)?(?:blank|empty|unchanged)"
    r"|keep~(?:this~)?(?:\w+~)?(?:blank|empty)|if~you~(?:are~|re~)(?:a~)?human|for~validation~purposes|leer~lassen|frei~lassen|nicht~ausfull|laisse[rz]~(?:\w+~){0,3}vide|"
    r"ne~(?:pas~)?remplis|(?:ne~)?pas~rempli|no~(?:rellen|llen)|dej(?:e|ar|a)~(?:\w+~){0,4}(?:vacio|blanco)|non~(?:compil|riemp)|lasci(?:a|are)~(?:\w+~){0,3}vuoto"
    r"|nie~wypeln|pozostaw~(?:\w+~){0,3}puste|nao~preench|deixe~(?:\w+~){0,4}(?:branco|vazio)|niet~(?:in~)?(?:te~)?vul|laat~(?:\w+~){0,3}leeg|не~заполн"
    r"|остав\w*~(?:\w+~){0,4}пуст|不要填|请勿填|勿填|留空|ostavi\w*~(?:\w+~){0,3}prazno|ne~popunj|не~попуњ|остави\w*~(?:\w+~){0,3}празно"
)


@lru_cache(maxsize=8_192)
def folded(text: str) -> str:
    """Return `text` as single words: "Your-firstName*" → "your first name", "Prénom" → "prenom"."""
    return _NOT_WORD.sub(" ", _without_accents(_CAMEL.sub(" ", text[:MAX_LABEL]).casefold())).strip()
