/** The server's sentences in Spanish. tests/test_spanish.py checks that the server still uses each English one. */
import { sayer } from "../../../live/sentences";

export const sentences: Readonly<Record<string, string>> = {
  // Signing in, and who may do what
  "You are not signed in.": "No has entrado.",
  "You are not signed in any more.": "Tu sesión ha terminado. Entra de nuevo.",
  "The e-mail address or the password is wrong.": "El correo o la contraseña no son correctos.",
  "The current password is wrong.": "La contraseña actual no es correcta.",
  "The password has been changed meanwhile.": "La contraseña se ha cambiado mientras tanto.",
  "Choose a password of {least} to {most} characters.": "Elige una contraseña de {least} a {most} caracteres.",
  "This password is too easy to guess; choose a few unusual words.":
    "Esta contraseña es fácil de adivinar; elige varias palabras poco comunes.",
  "This link has been used or has expired. Ask for a new one.": "Este enlace ya se usó o caducó. Pide otro.",
  "Too many attempts. Wait a little, then try again.": "Demasiados intentos. Espera un poco y prueba de nuevo.",
  "This came from a page at another address than the hub's own. Open the hub at its address, or have HUB_PUBLIC_URL set to the address that you use.":
    "Esta página no está en la dirección del hub. Ábrelo en su dirección, o pide que HUB_PUBLIC_URL sea la que usas.",
  "The X-CSRF-Token does not belong to this session. Reload the hub and try again.":
    "La sesión ha cambiado. Recarga la página y prueba de nuevo.",
  "This needs the right {right}, which you do not have.": "No tienes permiso para eso ({right}).",
  "Only an owner can make, change or remove an owner.": "Solo un propietario puede nombrar, cambiar o quitar a otro.",
  "Nobody can raise their own role; ask a colleague.": "Nadie puede subir su propio rol; pídeselo a otra persona.",
  "You cannot disable yourself; ask a colleague.": "No puedes desactivarte; pídeselo a otra persona.",
  "This is the last owner. Make somebody else an owner first.": "Es el último propietario. Nombra antes a otro.",
  "A person needs an e-mail address to sign in with.": "Una persona necesita un correo para entrar.",
  "This is no e-mail address; it looks like name@example.com.":
    "Eso no es una dirección de correo; es como nombre@example.com.",
  "This person is disabled; enable them first.": "Esta persona está desactivada; actívala antes.",
  "There is nobody like that.": "No existe esa persona.",
  "There is no such team.": "No existe ese equipo.",
  "There is no such token.": "No existe ese token.",
  "There is no such session.": "Esa sesión ya no existe.",
  "One of these teams does not exist (any more).": "Uno de estos equipos ya no existe.",
  "Somebody has this e-mail address already.": "Alguien tiene ya este correo.",
  "There is a team of this name already.": "Ya hay un equipo con ese nombre.",
  "A token has to expire in the future, and the time needs its zone.": "Un token tiene que caducar en el futuro.",

  // Conversations, answers and notes
  "There is no such conversation, or it is not yours to see.": "Esta conversación no te corresponde o ya no existe.",
  "There is no such message, or it is not yours to see.": "Este mensaje no te corresponde o ya no existe.",
  "There is no such contact, or none of their conversations is yours to see.":
    "Este cliente no te corresponde o ya no existe.",
  "There is no such file, or it is not yours to see.": "Este archivo no te corresponde o ya no existe.",
  "A colleague has this conversation; ask them or a supervisor to hand it over.":
    "La tiene otra persona; pídele a ella o a un supervisor que te la pase.",
  "Somebody else has just moved this conversation; look again.":
    "Alguien acaba de mover esta conversación; mírala otra vez.",
  "The conversation has just been closed; look again.": "La conversación se acaba de cerrar; mírala otra vez.",
  "This conversation is resolved; reopen it first.": "Esta conversación está resuelta; reábrela antes.",
  "The time to wake up has passed already; choose a later one.": "Esa hora ya pasó; elige una posterior.",
  "A conversation can sleep for at most two years.": "Una conversación se puede posponer dos años como máximo.",
  "There is no such agent, or none who takes conversations.": "No existe esa persona, o no atiende conversaciones.",
  "{name} has answered meanwhile. Read that answer, then send yours all the same if you like.":
    "{name} ha respondido mientras tanto. Lee esa respuesta y, si quieres, envía la tuya igual.",
  "This answer has left already and cannot be taken back.": "Esta respuesta ya salió y no se puede recuperar.",
  "There is nothing to send: write something or attach a file.":
    "No hay nada que enviar: escribe algo o adjunta un archivo.",
  "This channel is not there any more; answer on another one.": "Este canal ya no existe; responde por otro.",
  "{channel} is paused; answer on another channel, or have it resumed.":
    "{channel} está en pausa; responde por otro canal o pide que lo reanuden.",
  "This customer cannot be reached there on this channel.":
    "A este cliente no se le puede escribir ahí por este canal.",
  "This customer has never written to {channel}, and only they can begin there.":
    "Este cliente nunca ha escrito a {channel}, y ahí solo él puede empezar.",
  "On {channel} one can answer within {hours} hours of the customer's last message.":
    "En {channel} se puede responder hasta {hours} horas después del último mensaje del cliente.",
  "This channel carries no copies to others.": "Este canal no lleva copias para otros.",
  "{address} is no address; write it like name@example.com.":
    "{address} no es una dirección; escríbela como nombre@example.com.",
  "The file {name} is not there any more; attach it again.": "El archivo {name} ya no está; adjúntalo de nuevo.",
  "A file may have up to {size} MB.": "Un archivo puede tener hasta {size} MB.",
  "The request is too large.": "La petición es demasiado grande.",
  "There is nothing in this note; write something.": "La nota está vacía; escribe algo.",
  "{name} does not see this conversation; assign it to their team.":
    "{name} no ve esta conversación; asígnala a su equipo.",
  "A tag needs at least one character.": "Una etiqueta necesita al menos un carácter.",
  "A tag has at most {most} characters; this one has {count}.":
    "Una etiqueta tiene como máximo {most} caracteres; esta tiene {count}.",
  "A tag may not contain control characters.": "Una etiqueta no puede contener caracteres de control.",
  "A conversation has at most {most} tags; take some off first.":
    "Una conversación tiene como máximo {most} etiquetas; quita alguna antes.",
  "A contact cannot be merged with itself.": "Un cliente no se puede unir consigo mismo.",
  "One of these contacts has been merged already; open the contact it became.":
    "Una de estas fichas ya se unió a otra; abre esa.",
  "This contact is not merged into another.": "Esta ficha no está unida a ninguna otra.",

  // Channels and their test
  "There is no such channel.": "No existe ese canal.",
  "There is a channel with the address {address} already.": "Ya hay un canal con la dirección {address}.",
  "This channel needs an address of its own: where do customers reach it?":
    "Este canal necesita una dirección propia: ¿dónde lo encuentran los clientes?",
  "{title} is missing: fill it in.": "Falta un dato: {title}.",
  "There was no answer within {seconds} seconds.": "No hubo respuesta en {seconds} segundos.",
  "The mail server refused the user name or password. Check them; with Gmail use an app password.":
    "El servidor de correo rechazó el usuario o la contraseña. Revísalos; con Gmail usa una contraseña de aplicación.",
  "The SMTP server refused the user name or password. Check them; with Gmail use an app password.":
    "El servidor SMTP rechazó el usuario o la contraseña. Revísalos; con Gmail usa una contraseña de aplicación.",
  "The mail server refused the OAuth token. Sign in with the provider again.":
    "El servidor de correo rechazó el token OAuth. Vuelve a entrar con el proveedor.",
  "The SMTP server refused the OAuth token. Sign in with the provider again.":
    "El servidor SMTP rechazó el token OAuth. Vuelve a entrar con el proveedor.",
  "The SMTP server takes no OAuth tokens. Choose sign-in by password.":
    "El servidor SMTP no acepta tokens OAuth. Elige el acceso con contraseña.",
  "The SMTP server offers no sign-in of this kind here. Choose TLS or STARTTLS, or leave the user name empty.":
    "El servidor SMTP no ofrece aquí este tipo de acceso. Elige TLS o STARTTLS, o deja vacío el usuario.",
  "The SMTP server does not offer STARTTLS. Choose TLS, usually on port 465.":
    "El servidor SMTP no ofrece STARTTLS. Elige TLS, normalmente en el puerto 465.",
  "{where} does not offer STARTTLS. Choose TLS, usually on port 993.":
    "{where} no ofrece STARTTLS. Elige TLS, normalmente en el puerto 993.",
  "{where} takes no password on an unprotected line. Choose TLS or STARTTLS.":
    "{where} no acepta contraseñas sin protección. Elige TLS o STARTTLS.",
  "{where} does not speak TLS here. Check the port and the kind of security.":
    "{where} no habla TLS aquí. Revisa el puerto y el tipo de seguridad.",
  "The certificate of {where} is not trusted ({why}). Check the server's name, or give the file of its authority.":
    "El certificado de {where} no es de confianza ({why}). Revisa el nombre del servidor o indica el archivo de su autoridad.",
  "The file of trusted certificates {file} is not there. Correct its path.":
    "El archivo de certificados {file} no existe. Corrige la ruta.",
  "{file} holds no certificate in PEM form. Give another file.":
    "{file} no contiene ningún certificado en formato PEM. Indica otro archivo.",
  "There is no server named {where}. Check the name.": "No existe ningún servidor llamado {where}. Revisa el nombre.",
  "{where} did not answer in time. It is tried again by itself.":
    "{where} no respondió a tiempo. Se vuelve a intentar solo.",
  "Nobody answers at {where}. Check the port, or wait until the server is back.":
    "Nadie responde en {where}. Revisa el puerto o espera a que vuelva el servidor.",
  "The connection to {where} was lost. It is tried again by itself.":
    "Se cortó la conexión con {where}. Se vuelve a intentar solo.",
  "{where} is no IMAP server. Check the host and the port.":
    "{where} no es un servidor IMAP. Revisa el nombre y el puerto.",
  "The mailbox has no folder named {folder}. Check its name.":
    "El buzón no tiene ninguna carpeta {folder}. Revisa el nombre.",
  "The folder {folder} cannot be opened just now: {said}": "La carpeta {folder} no se puede abrir ahora: {said}",
  "The mail server cannot sign us in just now: {said}": "El servidor de correo no nos deja entrar ahora: {said}",
  "The mail server closed the connection: {said}": "El servidor de correo cerró la conexión: {said}",
  "This mailbox has no IMAP server. Fill in its name, or let a mail server push to us.":
    "Este buzón no tiene servidor IMAP. Indícalo o deja que otro servidor nos entregue el correo.",
  "This mailbox has no SMTP server to send by. Fill in its name.":
    "Este buzón no tiene servidor SMTP para enviar. Indícalo.",
  "{folder} on {where} holds {count} mails.": "{folder} en {where} tiene {count} correos.",
  "{where} takes mail from us.": "{where} acepta nuestro correo.",
  "Mail is only taken as it is pushed to us; without an SMTP server none can be sent.":
    "Solo se recibe el correo que nos entreguen; sin servidor SMTP no se puede enviar.",

  // On the way out
  "The mail server does not talk to us: {said}": "El servidor de correo no quiere hablar con nosotros: {said}",
  "The mail server refused the message: {said}": "El servidor de correo rechazó el mensaje: {said}",
  "The mail server asks us to come back later: {said}": "El servidor de correo pide que volvamos más tarde: {said}",
  "The mail server does not let us send as {address}: {said}. Check the SMTP user name and what it may send as.":
    "El servidor de correo no nos deja enviar como {address}: {said}. Revisa el usuario SMTP y con qué dirección puede enviar.",
  "“{address}” is no e-mail address we can write to. Correct it and send again.":
    "«{address}» no es una dirección a la que se pueda escribir. Corrígela y envía de nuevo.",
  "{where} took the whole message and then gave no answer. It may have been sent.":
    "{where} tomó el mensaje entero y no contestó. Puede que se haya enviado.",
  "{where} is still busy with another mail. It is tried again by itself.":
    "{where} sigue ocupado con otro correo. Se vuelve a intentar solo.",
  "The hub stopped while this was being sent; nobody knows whether it went out.":
    "El sistema se paró mientras esto salía; nadie sabe si salió.",
  "The provider did not answer in time; nobody knows whether it went out.":
    "El proveedor no respondió a tiempo; nadie sabe si salió.",
  "Sending broke off ({what}); nobody knows whether it went out.": "El envío se cortó ({what}); nadie sabe si salió.",
  "Given up after three days: {said}": "Abandonado tras tres días: {said}",
  "Given up after {count} attempts: {said}": "Abandonado tras {count} intentos: {said}",
  "This message cannot be sent again: it is {state}.":
    "Este mensaje no se puede enviar de nuevo: su estado es «{state}».",
  "This message is not doubtful any more: it is {state}.": "Este mensaje ya no es dudoso: su estado es «{state}».",
  "This is not in quarantine any more.": "Esto ya no está en cuarentena.",
  "There is no such message on its way out, or it is not yours to see.": "Este envío no te corresponde o ya no existe.",

  // Trouble of ours
  "The database does not answer just now; nothing was changed. Try again in a moment.":
    "La base de datos no responde ahora; no se cambió nada. Prueba dentro de un momento.",
  "Something went wrong on our side; nothing was changed. It has been written to the log.":
    "Algo falló por nuestra parte; no se cambió nada. Ha quedado en el registro.",
  "The mail is empty; there is nothing to read.": "El correo está vacío; no hay nada que leer.",
};

export const say = sayer(sentences);
