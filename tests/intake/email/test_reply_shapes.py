"""The shapes in which mail programs put the message that is answered: own letters in many programs' and languages' forms."""

import pytest

from amends.intake.channels.email.parsing import parse
from amends.intake.channels.email.reply_text import reply_text

ANSWER = "The kettle still leaks.\nPlease call me before Friday."
QUOTED = "> Dear Petra,\n>\n> we are sorry about the kettle.\n>\n> Care Team"
PLAIN = "Dear Petra,\n\nwe are sorry about the kettle.\n\nCare Team"

# Lines that end with a verb or an address; above marked and unmarked quotations.
ATTRIBUTIONS = """
On Mon, Mar 2, 2026 at 9:30 AM Care Team <care@example.com> wrote:
On Mon, 2 Mar 2026 at 09:30, Care Team via Helpdesk <care@example.com> wrote:
On Mon, Mar 2, 2026 at 9:30 AM Care Team <|care+0123456789abcdef0123456789abcdef@example.com> wrote:
On Mon, Mar 2, 2026 at 9:30 AM Care Team of the Example Company|<care@example.com> wrote:
On Mon, Mar 2, 2026, 9:30 AM Care Team <care@example.com> wrote:
On Mar 2, 2026, at 9:30 AM, Care Team <care@example.com> wrote:
On 2 Mar 2026, at 09:30, Care Team <care@example.com>|wrote:
On Monday, March 2, 2026 at 09:30:00 AM GMT+1, Care Team <care@example.com> wrote:
On Monday, March 2nd, 2026 at 9:30 AM, Care Team <care@example.com> wrote:
On Monday, 2 March 2026 09:30:00 CET Care Team wrote:
On 02/03/2026 09:30, Care Team wrote:
On 2026-03-02 09:30, Care Team wrote:
On Mon, 2026-03-02 at 09:30 +0100, Care Team wrote:
On Mon, Mar 02, 2026 at 09:30:00AM +0100, Care Team wrote:
On 3/2/26 9:30 AM, Care Team wrote:
At 2026-03-02 09:30:00, "Care Team" <care@example.com> wrote:
At 09:30 02/03/2026, Care Team wrote:
--- On Mon, 3/2/26, Care Team <care@example.com> wrote:
---- On Mon, 02 Mar 2026 09:30:00 +0100 Care Team <care@example.com> wrote ----
------On 3/2/2026 9:30 AM, Care Team wrote-----
Care Team <care@example.com> wrote on 02.03.2026 09:30:00:
Quoting Care Team <care@example.com>:
2026-03-02 9:30 GMT+01:00 Care Team <care@example.com>:
Am Mo., 2. März 2026 um 09:30 Uhr schrieb Care Team <care@example.com>:
Am Mo., 2. März 2026 um 09:30 Uhr schrieb Care Team <|care@example.com>:
Am 02.03.2026 um 09:30 schrieb Care Team <care@example.com>:
Am 02.03.26 um 09:30 schrieb Care Team:
Am Montag, dem 02.03.2026 um 09:30 +0100 schrieb Care Team:
Am Montag, 2. März 2026, 09:30:00 MEZ hat Care Team <care@example.com> Folgendes geschrieben:
Am 2026-03-02 09:30, schrieb Care Team:
Care Team <care@example.com> schrieb am Mo., 2. März 2026, 09:30:
Care Team <care@example.com> hat am 02.03.2026 09:30 CET geschrieben:
Zitat von Care Team <care@example.com>:
Le lun. 2 mars 2026 à 09:30, Care Team <care@example.com> a écrit :
Le 2 mars 2026 à 09:30, Care Team <care@example.com> a écrit :
Le lun. 2 mars 2026 à 09:30, Care Team <care@example.com> a|écrit :
Le 02/03/2026 à 09:30, Care Team a écrit :
Le lundi 2 mars 2026 à 09:30:00 UTC+1, Care Team <care@example.com> a écrit :
El lun, 2 mar 2026 a las 9:30, Care Team (<care@example.com>) escribió:
El 2 mar 2026, a las 9:30, Care Team <care@example.com> escribió:
El 02/03/2026 a las 9:30, Care Team escribió:
El lunes, 2 de marzo de 2026, 09:30:00 CET, Care Team <care@example.com> escribió:
Il giorno lun 2 mar 2026 alle ore 09:30 Care Team <care@example.com>|ha scritto:
Il 02/03/2026 09:30 CET Care Team <care@example.com> ha scritto:
Il giorno 2 mar 2026, alle ore 09:30, Care Team <care@example.com> ha scritto:
Op ma 2 mrt 2026 om 09:30 schreef Care Team <care@example.com>:
Op 2 mrt 2026, om 09:30 heeft Care Team <care@example.com> het volgende geschreven:
Op 02-03-2026 om 09:30 schreef Care Team:
Em seg., 2 de mar. de 2026 às 09:30, Care Team <care@example.com>|escreveu:
Em 2 de mar. de 2026, à(s) 09:30, Care Team <care@example.com> escreveu:
No dia 2 de março de 2026, Care Team <care@example.com> escreveu:
pon., 2 mar 2026 o 09:30 Care Team <care@example.com> napisał(a):
W dniu 2.03.2026 o 09:30, Care Team pisze:
Dnia 2 marca 2026 09:30 Care Team <care@example.com> napisał(a):
Wiadomość napisana przez Care Team <care@example.com> w dniu 02.03.2026, o godz. 09:30:
Den mån 2 mars 2026 kl 09:30 skrev Care Team <care@example.com>:
mån 2 mars 2026 kl. 09:30 skrev Care Team <care@example.com>:
2 mars 2026 kl. 09:30 skrev Care Team <care@example.com>:
Den man. 2. mar. 2026 kl. 09.30 skrev Care Team <care@example.com>:
man. 2. mars 2026 kl. 09:30 skrev Care Team <care@example.com>:
ma 2. maalisk. 2026 klo 9.30 Care Team (care@example.com) kirjoitti:
Care Team <care@example.com> kirjoitti 2.3.2026 kello 9.30:
po 2. 3. 2026 v 9:30 odesílatel Care Team <care@example.com> napsal:
Dne 02. 03. 26 v 9:30 Care Team napsal(a):
po 2. 3. 2026 o 9:30 Care Team <care@example.com> napísal(a):
Care Team <care@example.com> ezt írta (időpont: 2026. márc. 2., H, 9:30):
2026. 03. 02. 9:30 keltezéssel, Care Team írta:
În lun., 2 mar. 2026 la 09:30, Care Team <care@example.com> a scris:
Care Team <care@example.com>, 2 Mar 2026 Pzt, 09:30 tarihinde şunu yazdı:
Στις Δευ 2 Μαρ 2026 στις 9:30 π.μ., ο χρήστης Care Team <care@example.com> έγραψε:
пн, 2 мар. 2026 г. в 09:30, Care Team <care@example.com>:
понедельник, 2 марта 2026 г. пользователь Care Team <care@example.com>|написал:
2 марта 2026 г., в 09:30, Care Team <care@example.com> написал(а):
02.03.2026 09:30, Care Team пишет:
02.03.2026, 09:30, "Care Team" <care@example.com>:
Понедельник,  2 марта 2026, 9:30 +03:00 от Care Team <care@example.com>:
пн, 2 бер. 2026 р. о 09:30 Care Team <care@example.com> пише:
На пн, 2.03.2026 г. в 9:30 Care Team <care@example.com> написа:
Vào Th 2, 2 thg 3, 2026 vào lúc 09:30 Care Team <care@example.com> đã viết:
Pada tanggal Sen, 2 Mar 2026 pukul 09.30 Care Team <care@example.com> menulis:
בתאריך יום ב׳, 2 במרץ 2026 ב-9:30 מאת Care Team <care@example.com>:
في الاثنين، 2 مارس 2026 في 9:30 ص تمت كتابة ما يلي بواسطة Care Team <care@example.com>:
2026年3月2日(月) 9:30 Care Team <care@example.com>:
2026/03/02 9:30、Care Team <care@example.com>のメール:
Care Team <care@example.com> 于2026年3月2日周一 09:30写道：
在 2026年3月2日，09:30，Care Team <care@example.com> 写道：
在 2026-03-02 09:30:00，"Care Team" <care@example.com> 写道：
2026년 3월 2일 (월) 오전 9:30, Care Team <care@example.com>님이 작성:
2026. 3. 2. 오전 9:30, Care Team <care@example.com> 작성:
""".strip().split("\n")

# Header blocks and titles; the words of the answered message follow unmarked.
BLOCKS = """
-----Original Message-----|From: Care Team <care@example.com>|Sent: Monday, March 2, 2026 9:30 AM|To: Petra|Subject: Your kettle
----- Original Message -----|From: "Care Team" <care@example.com>|To: "Petra" <petra@example.org>|Sent: Monday, March 02, 2026 9:30 AM|Subject: Kettle
-------- Original message --------|From: Care Team <care@example.com>|Date: 02/03/2026 09:30 (GMT+01:00)|To: petra@example.org|Subject: Kettle
------- Original Message -------|On Monday, March 2nd, 2026 at 9:30 AM, Care Team <care@example.com> wrote:
‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐|On Monday, March 2nd, 2026 at 9:30 AM, Care Team <care@example.com> wrote:
________________________________|From: Care Team <care@example.com>|Sent: Monday, March 2, 2026 9:30 AM|To: Petra <petra@example.org>|Subject: Kettle
From: Care Team [mailto:care@example.com]|Sent: 02 March 2026 09:30|To: Petra|Cc: Bob|Subject: RE: Kettle
From: Care Team <care@example.com>|Date: Monday, 2 March 2026 at 09:30|To: Petra <petra@example.org>|Subject: Kettle
From: Care Team|To: Petra Lang/HOME@HOME|Date: 02.03.2026 09:30|Subject: Kettle
*From:* Care Team <care@example.com>|*Sent:* Monday, March 2, 2026 9:30 AM|*To:* Petra|*Subject:* Kettle
From: Care Team <care@example.com> Sent: Monday, March 2, 2026 9:30 AM To: Petra <petra@example.org> Subject: Kettle
From: Care Team <care@example.com>||Sent: Monday, March 2, 2026 9:30 AM||To: Petra||Subject: Kettle
Date: Mon, 2 Mar 2026 09:30:00 +0100|From: care@example.com|To: petra@example.org|Subject: Kettle
-----Ursprüngliche Nachricht-----|Von: Care Team <care@example.com>|Gesendet: Montag, 2. März 2026 09:30|An: Petra|Betreff: Ihr Kessel
-------- Ursprüngliche Nachricht --------|Von: Care Team <care@example.com>|Datum: 02.03.26 09:30 (GMT+01:00)|An: petra@example.org|Betreff: Kessel
-----Original-Nachricht-----|Betreff: Kessel|Datum: 2026-03-02T09:30:00+0100|Von: "Care Team" <care@example.com>|An: "Petra" <petra@example.org>
Von: Care Team <care@example.com>|Gesendet: Montag, 2. März 2026 09:30|An: Petra Lang|Betreff: AW: Kessel
Gesendet: Montag, 02. März 2026 um 09:30 Uhr|Von: "Care Team" <care@example.com>|An: petra@example.org|Betreff: Kessel
Von:        Care Team <care@example.com>|An:        petra@example.org|Datum:        02.03.2026 09:30|Betreff:        Kessel
-----Message d'origine-----|De : Care Team <care@example.com>|Envoyé : lundi 2 mars 2026 09:30|À : Petra|Objet : Bouilloire
De : Care Team <care@example.com>|Envoyé : lundi 2 mars 2026 09:30|À : Petra|Objet : RE: Bouilloire
De: "Care Team" <care@example.com>|À: "Petra" <petra@example.org>|Envoyé: Lundi 2 Mars 2026 09:30:00|Objet: Bouilloire
-----Mensaje original-----|De: Care Team <care@example.com>|Enviado el: lunes, 2 de marzo de 2026 9:30|Para: Petra|Asunto: Hervidor
De: Care Team <care@example.com>|Enviado: lunes, 2 de marzo de 2026 9:30|Para: Petra|Asunto: Hervidor
-----Messaggio originale-----|Da: Care Team <care@example.com>|Inviato: lunedì 2 marzo 2026 09:30|A: Petra|Oggetto: Bollitore
Da: Care Team <care@example.com>|Inviato: lunedì 2 marzo 2026 09:30|A: Petra|Oggetto: R: Bollitore
-----Oorspronkelijk bericht-----|Van: Care Team <care@example.com>|Verzonden: maandag 2 maart 2026 09:30|Aan: Petra|Onderwerp: Ketel
Van: Care Team <care@example.com>|Verzonden: maandag 2 maart 2026 09:30|Aan: Petra|Onderwerp: RE: Ketel
-----Mensagem original-----|De: Care Team <care@example.com>|Enviada em: segunda-feira, 2 de março de 2026 09:30|Para: Petra|Assunto: Chaleira
De: Care Team <care@example.com>|Enviado: 2 de março de 2026 09:30|Para: Petra|Assunto: Chaleira
-----Oryginalna wiadomość-----|Od: Care Team <care@example.com>|Wysłano: poniedziałek, 2 marca 2026 09:30|Do: Petra|Temat: Czajnik
Od: Care Team <care@example.com>|Wysłane: poniedziałek, 2 marca 2026 09:30|Do: Petra|Temat: Czajnik
-----Ursprungligt meddelande-----|Från: Care Team <care@example.com>|Skickat: den 2 mars 2026 09:30|Till: Petra|Ämne: Vattenkokare
Från: Care Team <care@example.com>|Skickat: den 2 mars 2026 09:30|Till: Petra|Ämne: Sv: Vattenkokare
-----Oprindelig meddelelse-----|Fra: Care Team <care@example.com>|Sendt: 2. marts 2026 09:30|Til: Petra|Emne: Kedel
Fra: Care Team <care@example.com>|Sendt: mandag 2. mars 2026 09:30|Til: Petra|Emne: Kjele
-----Alkuperäinen viesti-----|Lähettäjä: Care Team <care@example.com>|Lähetetty: maanantai 2. maaliskuuta 2026 9.30|Vastaanottaja: Petra|Aihe: Keitin
Lähettäjä: Care Team <care@example.com>|Lähetetty: maanantai 2. maaliskuuta 2026 9.30|Vastaanottaja: Petra|Aihe: Keitin
-----Původní zpráva-----|Od: Care Team <care@example.com>|Odesláno: pondělí 2. března 2026 9:30|Komu: Petra|Předmět: Konvice
Od: Care Team <care@example.com>|Odoslané: pondelok 2. marca 2026 9:30|Komu: Petra|Predmet: Kanvica
Feladó: Care Team <care@example.com>|Elküldve: 2026. március 2. 9:30|Címzett: Petra|Tárgy: Vízforraló
De la: Care Team <care@example.com>|Trimis: luni, 2 martie 2026 09:30|Către: Petra|Subiect: Fierbător
Kimden: Care Team <care@example.com>|Gönderildi: 2 Mart 2026 Pazartesi 09:30|Kime: Petra|Konu: Su ısıtıcısı
Από: Care Team <care@example.com>|Στάλθηκε: Δευτέρα, 2 Μαρτίου 2026 9:30 πμ|Προς: Petra|Θέμα: Βραστήρας
-----Исходное сообщение-----|От: Care Team <care@example.com>|Отправлено: 2 марта 2026 г. 9:30|Кому: Petra|Тема: Чайник
От: Care Team <care@example.com>|Отправлено: 2 марта 2026 г. 9:30|Кому: Petra|Тема: Чайник
Від: Care Team <care@example.com>|Надіслано: 2 березня 2026 р. 9:30|Кому: Petra|Тема: Чайник
差出人: Care Team <care@example.com>|送信日時: 2026年3月2日 9:30|宛先: Petra|件名: やかん
-----邮件原件-----|发件人: Care Team <care@example.com>|发送时间: 2026年3月2日 9:30|收件人: Petra|主题: 水壶
------------------ 原始邮件 ------------------|发件人: "Care Team" <care@example.com>;|发送时间: 2026年3月2日(星期一) 上午9:30|收件人: "Petra"<petra@example.org>;|主题: 水壶
寄件者: Care Team <care@example.com>|寄件日期: 2026年3月2日 9:30|收件者: Petra|主旨: 水壺
보낸 사람: Care Team <care@example.com>|보낸 날짜: 2026년 3월 2일 9:30|받는 사람: Petra|제목: 주전자
De: Care Team <care@example.com>|Enviat: dilluns, 2 de març de 2026 9:30|Per a: Petra|Assumpte: Bullidor
##- Please type your reply above this line -##
--- Reply above this line ---
Antworten Sie oberhalb dieser Linie
""".strip().split("\n")


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_the_line_above_a_marked_quotation_goes_with_it(attribution: str):
    above = attribution.replace("|", "\n")
    assert reply_text(f"{ANSWER}\n\n{above}\n\n{QUOTED}\n") == ANSWER
    assert reply_text(f"{ANSWER}\n\n{above}\n{QUOTED}\n") == ANSWER


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_the_line_above_an_unmarked_quotation_ends_the_answer(attribution: str):
    above = attribution.replace("|", "\n")
    assert reply_text(f"{ANSWER}\n\n{above}\n\n{PLAIN}\n") == ANSWER


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_answer_below_a_marked_quotation_is_found(attribution: str):
    above = attribution.replace("|", "\n")
    assert reply_text(f"{above}\n{QUOTED}\n\n{ANSWER}\n") == ANSWER


@pytest.mark.parametrize("block", BLOCKS)
def test_a_header_block_or_title_ends_the_answer(block: str):
    above = block.replace("|", "\n")
    assert reply_text(f"{ANSWER}\n\n{above}\n\n{PLAIN}\n") == ANSWER
    assert (
        reply_text(f"{ANSWER}\n\nKind regards\nPetra\n\n\n{above}\n\n{QUOTED}\n") == f"{ANSWER}\n\nKind regards\nPetra"
    )


DEVICES = """
Sent from my iPhone
Sent from my iPad
Sent from my Samsung Galaxy smartphone.
Sent from my Verizon, Samsung Galaxy smartphone
Sent from Yahoo Mail on Android
Sent from Yahoo Mail for iPhone <https://overview.mail.yahoo.com/?.src=iOS>
Sent from Mail for Windows
Sent from Mail <https://go.microsoft.com/fwlink/?LinkId=550986> for Windows 10
Sent from Outlook for iOS<https://aka.ms/o0ukef>
Get Outlook for Android<https://aka.ms/AAb9ysg>
Get Outlook for iOS <https://aka.ms/o0ukef>
[Get Outlook for iOS](https://aka.ms/o0ukef)
Sent with Proton Mail secure email.
Sent with [Proton Mail](https://proton.me/) secure email.
Sent from ProtonMail mobile
Sent via the Samsung Galaxy S21 5G, an AT&T 5G smartphone
Sent from my BlackBerry 10 smartphone on the Bell network.
Sent from my Huawei phone
Sent from my mobile. Please excuse brevity and typos.
Sent using Zoho Mail
Sent with Spark
(sent from a phone)
<<sent by galaxy>>
From my Iphone 6
Typed on my phone
Von meinem iPhone gesendet
Von meinem Samsung Galaxy Smartphone gesendet.
Von meinem/meiner Galaxy gesendet
Gesendet von meinem Mobilgerät
Gesendet von Outlook für iOS<https://aka.ms/o0ukef>
Gesendet von Mail für Windows
Gesendet mit der GMX Mail App
Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.
Outlook für Android beziehen <https://aka.ms/AAb9ysg>
Holen Sie sich Outlook für iOS
Envoyé de mon iPhone
Envoyé depuis mon smartphone Samsung Galaxy.
Envoyé à partir d’Outlook pour iOS
Envoyé à partir de Outlook pour Android<https://aka.ms/AAb9ysg>
Télécharger Outlook pour iOS <https://aka.ms/o0ukef>
Obtenez Outlook pour Android
Enviado desde mi iPhone
Enviado desde mi smartphone Samsung Galaxy.
Enviado desde Outlook para iOS
Obtener Outlook para Android
Inviato da iPhone
Inviato dal mio Galaxy
Inviato da Outlook per iOS
Ottieni Outlook per Android
Verstuurd vanaf mijn iPhone
Verzonden vanaf mijn Galaxy
Verzonden met Outlook voor Android
Outlook voor iOS downloaden
Enviado do meu iPhone
Enviado a partir do Outlook para Android
Obter o Outlook para iOS
Wysłane z iPhone'a
Wysłano z mojego urządzenia Galaxy
Pobierz aplikację Outlook dla systemu Android
Skickat från min iPhone
Hämta Outlook för Android
Sendt fra min iPhone
Sendt fra Outlook til Android
Lähetetty iPhonesta
Odesláno z iPhonu
Odoslané z iPhonu
iPhone'umdan gönderildi
Отправлено с iPhone
Отправлено из мобильной Почты Mail.ru
Надіслано з iPhone
iPhoneから送信
Android 版 Outlook を入手する
发自我的iPhone
從我的 iPhone 傳送
获取 Outlook for iOS
나의 iPhone에서 보냄
""".strip().split("\n")


@pytest.mark.parametrize("device", DEVICES)
def test_the_note_of_a_device_is_left_out(device: str):
    assert reply_text(f"{ANSWER}\n\n{device}\n") == ANSWER
    assert (
        reply_text(
            f"{ANSWER}\n\n{device}\n\nOn Mar 2, 2026, at 9:30 AM, Care Team <care@example.com> wrote:\n\n{QUOTED}\n"
        )
        == ANSWER
    )


SIGNATURES = """
-- |Petra Lang|Lindenweg 4, Köln
--|Petra
-- |Petra Lang||"Whoever asks gets an answer"
--  |Petra Lang
—|Petra Lang|CEO at Kettles
__|Petra Lang
________________|Petra Lang|www.example.org|Tel. +49 221 1234567
--------------------------|Petra Lang, Lindenweg 4|petra@example.org
Kind regards,|Petra Lang|Head of Tea|Example Ltd|Tel: +44 20 7946 0000|www.example.org
Best regards,||Petra Lang|Manager||Phone: +1 (555) 123-4567
Mit freundlichen Grüßen||Petra Lang|Beispiel GmbH|Tel.: +49 221 1234567|petra@example.org
Cordialement,|Petra Lang|01 23 45 67 89
-Petra
- Petra Lang
/Petra
Petra from mobile
CONFIDENTIALITY NOTICE: This e-mail is meant for the addressee alone. If you are not the addressee, delete it.
-- |Petra||This e-mail and any attachments are confidential.|Please delete it if you are not the addressee.
Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der Adressat sind, löschen Sie sie bitte.
_______________________________________________|kettles mailing list|kettles@lists.example.org|https://lists.example.org/kettles
--|You received this message because you are subscribed to the group "Kettles".|To leave it, send an email to kettles+leave@example.org.
Virus-free. www.avast.com <https://www.avast.com/sig-email>
""".strip().split("\n")


@pytest.mark.parametrize("signature", SIGNATURES)
def test_what_is_surely_a_signature_is_left_out(signature: str):
    below = signature.replace("|", "\n")
    assert reply_text(f"{ANSWER}\n\n{below}\n") == ANSWER
    assert (
        reply_text(
            f"{ANSWER}\n\n{below}\n\nOn Mar 2, 2026, at 9:30 AM, Care Team <care@example.com> wrote:\n\n{QUOTED}\n"
        )
        == ANSWER
    )


KEPT = """
My kettle leaks.||Kind regards|Petra Lang
My kettle leaks.||Thanks!||Petra
Mein Kessel leckt.||Mit freundlichen Grüßen|Petra Lang|Lindenweg 4
Thanks|for nothing.|You can reach me under +49 221 1234567 until Friday, then I go to a lawyer. I will not wait any longer.
On Monday I wrote:|please send a new one.|Nobody answered.
On 3 March your colleague said: we will call.|Nobody called.
At 9:30 on 2 March your driver left the parcel in the rain.
From: Leeds|To: York|The parcel went the wrong way.
Date: 3 May|Order: 4711|Amount: 20
My order:|- Kettle|- Toaster
I was told:|1. wait|2. wait longer
Subject: my complaint|I bought a kettle on 2 March 2026 at 9:30.
The seller wrote:|"we never take things back"|Is that so?
Sent from my desk, the parcel went to Leeds and not to York.
From my experience nobody reads this.
Best before: 2 March 2026, and it was sold on 5 March.
I called at 9:30, 10:15 and 11:00:|nobody was there.
a * b|***|c
Question 1:|yes||Question 2:|no
Original message lost, please send it again
The message -----Original Message----- appears in my app all the time.
""".strip().split("\n")


@pytest.mark.parametrize("kept", KEPT)
def test_a_persons_own_words_stay(kept: str):
    own = kept.replace("|", "\n")
    assert reply_text(own) == own
    assert reply_text(f"{own}\n\nOn Mar 2, 2026, at 9:30 AM, Care Team <care@example.com> wrote:\n\n{QUOTED}\n") == own


def test_own_empty_lines_are_kept_and_gaps_of_quotations_become_one():
    text = "First.\n\n\n\nSecond.\n\n> asked\n> more\n\n\n\nThird."
    assert reply_text(text) == "First.\n\n\n\nSecond.\n\nThird."


def test_answers_between_and_below_are_found_together():
    text = (
        "On Mon, Mar 2, 2026 at 9:30 AM Care <care@example.com> wrote:\n\n> When did it break?\n\nOn Friday.\n\n> Which model?\n"
        "The K2.\n>\n> Care\n\n-- \nPetra\n"
    )
    assert reply_text(text) == "On Friday.\n\nThe K2."


def test_an_answer_on_the_line_of_the_attribution_is_kept():
    assert (
        reply_text("Yes please. On Mon, Mar 2, 2026 at 9:30 AM, care@example.com wrote:\n> new one?") == "Yes please."
    )


def test_the_tail_of_a_quoted_line_that_was_wrapped_without_a_mark_goes_too():
    text = (
        "No.\n\nOn Mon, 2 Mar 2026, Care wrote:\n> "
        + "we would like to know whether you would take a new one instead of"
        + "\nthe money\n> or not\n"
    )
    assert reply_text(text) == "No."


def test_a_forward_title_inside_a_quotation_is_part_of_the_quotation():
    text = f"{ANSWER}\n\nOn Mon, 2 Mar 2026 at 09:30, Care <care@example.com> wrote:\n> See below.\n> Begin forwarded message:\n> more\n"
    assert reply_text(text) == ANSWER


def test_what_the_subject_calls_forwarded_stays():
    block = (
        "From: Petra <petra@example.org>\nSent: Monday, March 2, 2026 9:30 AM\nTo: Shop\nSubject: Kettle\n\nIt leaks."
    )
    for prefix, stays in (("FW", True), ("WG", True), ("RE", False), ("AW", False)):
        reply = parse(
            f"From: shop@example.com\r\nSubject: {prefix}: Kettle\r\n\r\nPlease look.\n\n{block}".encode()
        ).reply_text
        assert ("It leaks." in reply) is stays
        assert reply.startswith("Please look.")


HTML = {
    "gmail": '<div dir="ltr">{A}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Unbekannte Sprache 2026 Care &lt;<a '
    'href="mailto:care@example.com">care@example.com</a>&gt;<br></div><blockquote class="gmail_quote">{Q}</blockquote></div>',
    "outlook": "<div class=WordSection1><p class=MsoNormal>{A}</p><p class=MsoNormal>&nbsp;</p><div><div style='border:none;border-top:solid "
    "#E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>Frå:</b> Care<br><b>X:</b> y</p></div></div><p>{Q}</p></div>",
    "outlook.com": '<div>{A}</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg"><b>Xxx:</b> '
    "Care</div><div>{Q}</div>",
    "outlook mac": '<div>{A}</div><span id="OLK_SRC_BODY_SECTION"><div style="border-top: #b5c4df 1pt solid">Xxx: Care</div><div>{Q}</div></span>',
    "apple": '<div>{A}</div><div><br><blockquote type="cite"><div>On 2 Mar 2026, at 09:30, Care &lt;care@example.com&gt; wrote:</div><br>'
    "<div>{Q}</div></blockquote></div>",
    "thunderbird": '<p>{A}</p><div class="moz-cite-prefix">Am 02.03.26 um 09:30 schrieb Care:<br></div><blockquote type="cite">{Q}</blockquote>',
    "yahoo": '<div>{A}</div><div id="yahoo_quoted_123" class="yahoo_quoted"><div>Xx Monday Care:</div><div>{Q}</div></div>',
    "proton": '<div>{A}</div><div class="protonmail_quote">On Monday Care wrote:<br><blockquote>{Q}</blockquote></div>',
    "zimbra": '<div>{A}</div><hr id="zwchr"><div><b>Xx: </b>Care<br></div><div>{Q}</div>',
    "hotmail": '<div>{A}<br><hr id="stopSpelling">Date: Mon<br>{Q}</div>',
    "windows mail": '<div>{A}</div><div style="border:none;border-top:solid #E5E5E5 1.0pt"><b>Xx:</b> Care</div><div>{Q}</div>',
}  # fmt: skip


@pytest.mark.parametrize("name", HTML)
def test_a_programs_own_markup_ends_the_answer(name: str):
    answer = "The kettle still leaks.<br>Please call me before Friday."
    body = HTML[name].replace("{A}", answer).replace("{Q}", "Dear Petra,<br>we are sorry.")
    mail = parse(
        f"From: p@example.org\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>{body}</body></html>".encode()
    )
    assert mail.reply_text == ANSWER
    assert "we are sorry" in mail.text
    assert "\ue0f1" not in mail.text + mail.reply_text
    assert "\ue0f2" not in mail.text + mail.reply_text


def test_the_html_tells_where_the_plain_version_lost_its_marks():
    plain = "The kettle still leaks.\nPlease call me before Friday.\n\nDear Petra,\nwe are sorry."
    html = (
        HTML["outlook.com"].replace("{A}", ANSWER.replace("\n", "<br>")).replace("{Q}", "Dear Petra,<br>we are sorry.")
    )
    raw = (
        "From: p@example.org\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        f"{plain}\r\n--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n--b--\r\n"
    )
    assert parse(raw.encode()).reply_text == ANSWER


def test_marks_in_a_strangers_text_mean_nothing():
    raw = "From: p@example.org\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nfirst\n\ue0f1\nsecond \ue0f2third"
    mail = parse(raw.encode())
    assert mail.reply_text == "first\n\nsecond third"
    html = parse(
        "From: p@example.org\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>first</p><p>\ue0f1</p><p>\ue0f2second</p>".encode()
    )
    assert html.reply_text.split() == ["first", "second"]
