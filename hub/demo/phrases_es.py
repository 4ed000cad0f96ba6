"""Sentences that customers and agents of the demo shop write in Spanish."""

TEXT = """
topic: order | Support | delivery, order | entregado
subject: ¿Dónde está mi pedido {order}?
subject: El pedido {order} no ha llegado
subject: Envío de {order}
ask: Pedí {product} el {day} y desde hace {n} días el seguimiento dice «en tránsito». El número es {order}. ¿Podéis
  mirar
  dónde está?
ask: Mi pedido {order} ({product}) tenía que llegar el {day}, pero no ha venido nadie y la página del mensajero está
  vacía.
ask: Una pregunta rápida: ¿ha salido ya {order}? Es un regalo de cumpleaños y me estoy poniendo un poco nervioso.
chat: hola, ¿ha salido ya mi pedido {order}?
chat: buenas, mi paquete no llega. pedido {order}
answer: Acabo de mirarlo: {order} salió de nuestro tostadero el {day} y está en el almacén de {city}. Debería
  llegarte mañana
  antes de las seis. Lo sigo de cerca.
answer: Siento la espera. El mensajero lo intentó el {day} y no había nadie; está en el punto de recogida junto a la
  estación de {city}. He pedido otro intento para mañana.
answer: Gracias por avisar. {order} se quedó parado en {city}; he abierto una incidencia (número {ref}) y si el {day}
  no se
  ha movido te enviamos otro sin coste.
more: Gracias. ¿Puede dejarlo el repartidor en el número {n} si no estoy?
more: El seguimiento sigue con la fecha antigua. ¿Tengo que hacer algo?
answer2: Claro, lo he añadido a la nota de entrega. Te llegará un mensaje una hora antes.
answer2: Nada de tu parte. La página se actualiza de noche; te escribo en cuanto se mueva.

topic: return | Returns | return | reembolsado
subject: Devolver {product}
subject: ¿Puedo devolver {product}?
subject: Reembolso de {order}
ask: Quisiera devolver {product} del pedido {order}. Sigue sin abrir; simplemente me equivoqué de tamaño. ¿Cómo lo
  hago y quién
  paga el envío?
ask: ¿Estoy a tiempo de devolver {product}? Lo compré el {day} y no cabe debajo del armario de la cocina.
ask: Envié de vuelta {product} el {day}, pedido {order}, y aún no veo el reembolso en la tarjeta. ¿Cuándo llegará?
chat: ¡hola! ¿cómo devuelvo {product}?
chat: ¿cuánto tarda un reembolso? pedido {order}
answer: Sin problema. Tienes la etiqueta de {order} en tu cuenta; imprímela, pégala en cualquier caja y déjala en
  Correos
  antes de 30 días. El envío corre de nuestra cuenta.
answer: Sí, tienes 30 días desde la entrega. Te he enviado la etiqueta; cuando llegue, el reembolso de {price} tarda
  tres
  días laborables.
answer: Tu paquete llegó el {day} y acabo de liberar el reembolso de {price}. Los bancos suelen tardar de dos a cinco
  días.
more: Genial, gracias. Ya no tengo la caja original, ¿vale una normal?
more: ¿Podría cambiarlo por {product2} en vez del reembolso?
answer2: Una caja normal vale, si va un poco acolchada.
answer2: Encantada. Te he reservado {product2}; la diferencia de {price} vuelve a tu tarjeta.

topic: broken | Returns | damaged, photo | repuesto
subject: {product}: ha llegado en mal estado
subject: Paquete dañado, pedido {order}
ask: El paquete ha llegado hoy y {product} viene con grietas de arriba abajo. La caja tenía un golpe en un lado.
  Adjunto una
  foto. Pedido {order}.
ask: Por desgracia {product} de {order} llegó en pedazos; por fuera el paquete estaba bien. ¿Qué necesitáis de mí?
chat: mi {own} ha llegado con golpes :( pedido {order}
chat: el paquete venía aplastado y {product} viene con grietas
answer: Vaya, lo siento mucho. Gracias por los detalles, no necesito más. Uno nuevo sale el {day}; el roto puedes
  tirarlo.
answer: Eso no debería pasar. He preparado un envío de sustitución de {order} sin coste y he avisado a los compañeros
  que
  embalan. Esta noche tendrás el seguimiento.
answer: Lo siento. ¿Prefieres uno nuevo o que te devuelva los {price}? Las dos cosas se hacen en un minuto.
more: ¡Gracias, qué rapidez! Uno nuevo, por favor.
more: Gracias. ¿De verdad no tengo que devolver nada?
answer2: Hecho: va con la referencia {ref}.
answer2: De verdad que no. Guárdalo, arréglalo o úsalo de maceta.

topic: grinder | Sales | advice, grinder | aconsejado
subject: ¿Qué molinillo para {product}?
subject: Consejo sobre un molinillo
subject: ¿{product} o {product2}?
ask: Tengo {product} desde hace un año y sigo comprando café molido. ¿Qué molinillo me aconsejáis por unos {price}?
  Hacemos
  unas {n} tazas al día.
ask: No me decido entre {product} y {product2}. Casi siempre filtro, espresso los fines de semana. ¿Merece la pena el
  más
  caro?
ask: ¿Tenéis alguno que muela sin ruido? Vivimos en un piso con paredes finas y me levanto a las cinco.
chat: buenas, ¿qué molinillo va bien con {product}?
chat: ¿es mejor {product2} que {product} para espresso?
answer: Buena pregunta. Para {n} tazas de filtro al día yo cogería {product2}: muelas de acero, fácil de limpiar y no
  despierta a nadie.
answer: Si el espresso es solo del fin de semana, sigue con {product}. Con los {price} que ahorras, compra café
  fresco; se
  nota antes.
answer: El manual es con diferencia el más silencioso; dos minutos para dos tazas. De los eléctricos, {product2}.
more: Muy útil. ¿Lo tenéis en negro?
more: ¿Y cada cuánto se cambian las muelas?
answer2: El negro vuelve el {day}; si quieres te guardo uno.
answer2: A tu ritmo, a los cinco años más o menos.

topic: subscription | Support | subscription | cambiado
subject: Pausar mi suscripción
subject: Cambiar la suscripción a {coffee2}
subject: Duda sobre la suscripción
ask: Estamos fuera hasta fin de mes. ¿Podéis pausar la suscripción de café para que no se quede la bolsa en la puerta?
ask: Quisiera cambiar la suscripción de {coffee} a {coffee2}, y que llegue cada {n} semanas. No lo encuentro en mi
  cuenta.
ask: Me cobrasteis {price} el {day}, pero creía haber cancelado la suscripción. ¿Podéis mirarlo?
chat: ¿puedo pausar la suscripción?
chat: ¿cómo cambio de {coffee} a {coffee2}?
answer: Hecho: la suscripción está en pausa y vuelve sola el día uno. ¡Disfrutad!
answer: Ya está cambiada: {coffee2}, cada {n} semanas, próximo envío el {day}. Lo ves en tu cuenta, en «Mi café».
answer: Ya veo qué pasó: la baja entró una hora después del pedido de esa semana. Te he devuelto los {price} y la
  suscripción
  está terminada.
more: Estupendo, gracias. ¿Será recién tostado?
more: Perfecto. ¿El próximo puede venir molido para cafetera italiana?
answer2: Siempre: tostamos los martes y enviamos los miércoles.
answer2: Anotado. Molienda media-fina desde la próxima bolsa.

topic: wholesale | Sales | wholesale, quote | presupuesto enviado
subject: Café para la oficina
subject: Precios para hostelería
subject: Presupuesto de {n} kg al mes
ask: Somos una oficina de {n}0 personas en {city} y queremos {coffee} cada dos semanas. ¿Tenéis precios para empresas?
  Adjunto la lista de lo que necesitamos.
ask: Tengo una cafetería pequeña en {city} y busco tostador nuevo. Gastamos unos {n} kg por semana. ¿Me enviáis
  precios y quizá
  una muestra de {coffee}?
chat: ¿vendéis a cafeterías? estamos en {city}
answer: Con mucho gusto. Con {n} kg por semana entras en el segundo tramo: {price} el kilo de {coffee}, envío
  incluido. Adjunto
  la hoja; las muestras salen el {day}.
answer: ¡Gracias por pensar en nosotros! He preparado una oferta con {coffee} y {coffee2}. ¿Te va bien una llamada el
  {day}?
more: Tiene buena pinta. ¿Se puede pagar con factura mensual?
answer2: Sí, a 14 días; solo necesito los datos de la empresa.

topic: machine | Support | machine, repair | solucionado
subject: {product} pierde agua
subject: Problema con {product}
subject: ¿Cómo descalcifico {product}?
ask: Desde el {day} mi {own} gotea por abajo al calentarse. Ya limpié todo dos veces. ¿Será una junta?
ask: {product} tiene muy poca presión y el café cae en diez segundos. Mismo café, misma molienda.
ask: La luz de descalcificar sigue encendida y ya he descalcificado {product} dos veces. ¿Qué se me escapa?
chat: mi {own} pierde agua
chat: ¿cómo descalcifico {product}?
answer: Suena a la junta del grupo, cosa de dos minutos. Te envío una hoy; desenroscas el aro, la cambias y listo.
answer: Probemos esto: muele dos puntos más fino y pasa una pastilla. Si sigue igual, lo recogemos para repararlo;
  está en
  garantía hasta el {day}.
answer: Mantén el botón central diez segundos después del último aclarado; la luz solo se apaga así. El manual lo
  esconde en la
  página {n}.
more: Ha llegado la junta, pero todavía gotea un poco. Mando foto.
more: ¡Era eso, gracias! ¿Cada cuánto conviene hacerlo?
answer2: Gracias, se ve bien: al aro le falta un cuarto de vuelta. Si prefieres, mandamos al mensajero.
answer2: Cada dos meses con el agua de {city}.

topic: invoice | Support | invoice | factura enviada
subject: Factura de {order}
subject: Factura con IVA
ask: ¿Podéis enviarme la factura del pedido {order} con el nombre de la empresa y el CIF? El recibo lleva solo mi
  nombre.
ask: Para la contabilidad necesito las facturas de los tres últimos meses. ¿Me las mandáis en PDF?
chat: ¿me podéis enviar la factura de {order}?
answer: Claro. Adjunto la factura de {order}; he guardado los datos de la empresa para la próxima vez.
answer: Aquí la tienes. A partir de ahora las ves también en tu cuenta, en «Facturas».
more: Gracias. Al CIF le falta la última cifra, termina en {n}.
answer2: Fallo mío, aquí está la buena.

topic: code | Sales | discount | código dado
subject: El código de descuento no funciona
subject: Código {code}
ask: He querido usar {code} con {product} y la página dice que ha caducado. El boletín dice que vale hasta el {day}.
ask: El código {code} solo quita el envío, no el diez por ciento. ¿Hago algo mal?
chat: {code} no funciona
answer: Tienes razón y es culpa nuestra: se apagó un día antes. Ya funciona, y te he añadido el envío gratis.
answer: {code} no vale para máquinas, el boletín debería decirlo más claro. Este sí: {code}-PLUS.
more: Ya funciona. Muchísimas gracias.
more: ¿Vale también para {product2}?
answer2: Sí, hasta el {day}.

topic: gift | Sales | gift | arreglado
subject: Envolver {order} para regalo
subject: Un regalo para mi hermana
ask: {product} del pedido {order} es un regalo. ¿Podéis envolverlo y poner una tarjeta? Que diga: «Para las mañanas
  más lentas.
  Con cariño, {first}».
ask: ¿Puedo elegir el día de entrega? Es una sorpresa para el cumpleaños de mi pareja el {day} y no puede llegar antes.
chat: ¿envolvéis para regalo?
answer: Qué frase tan bonita. Va en nuestro papel verde con tu tarjeta, y sin precios en la caja.
answer: Sí: llegará exactamente el {day}. El correo a quien lo recibe sale ese mismo día.
more: Maravilloso, sois un encanto.
answer2: Con mucho gusto. ¡Que lo celebréis!

topic: wrong | Returns | wrong item | repuesto
subject: Artículo equivocado en {order}
subject: Me ha llegado {product2} en vez de {product}
ask: Pedí {product} y me ha llegado {product2}. Pedido {order}. El albarán está bien, el contenido no.
ask: Falta una bolsa en {order}: tenían que ser tres de {coffee} y hay dos.
chat: me habéis enviado otra cosa, {product2}
answer: Lo siento, se cambiaron dos cajas en la mesa. {product} sale hoy; en tu cuenta tienes la etiqueta para el otro.
answer: Perdona. El {coffee} que falta va por exprés, y he metido una bolsita de {coffee2}.
more: Gracias por la rapidez. ¿Cuándo pasa el mensajero por el otro?
answer2: El {day} entre nueve y una; no hace falta imprimir nada.

topic: address | Support | address | cambiado
subject: Dirección equivocada en {order}
subject: Cambio de dirección
ask: Acabo de ver que {order} va a mi piso antiguo. ¿Puede ir a la dirección nueva en {city}?
ask: Nos hemos mudado a {city}. ¿Podéis cambiar la dirección para todo a partir de ahora?
chat: ¿puedo cambiar la dirección de {order}?
answer: A tiempo: {order} va ahora a {city}. Tu cuenta tiene también la dirección nueva.
answer: Salió esta mañana, pero lo he redirigido; tarda un día más, o sea el {day}.
more: Uf, ¡gracias!
answer2: De nada. ¡Que disfrutéis la casa nueva!

greeting: Hola:
greeting: Buenos días:
greeting: Hola, buenas tardes:
greeting: Estimado equipo de Aurora:
closing: Gracias, {first}
closing: Un saludo, {name}
closing: Saludos cordiales, {name}
closing: Muchas gracias, {first}
hello: Hola, {first}, gracias por escribir.
hello: Hola, {first}:
hello: Buenos días, {first}:
hello: ¡Hola, {first}! Soy {agent}, de Aurora.
bye: Un saludo, {agent}
bye: Un abrazo, {agent}
bye: Que tengas un buen día, {agent}
also: Por cierto, el {coffee} que me recomendasteis la última vez era buenísimo.
also: Somos clientes desde hace tres años y nunca hubo problemas, por eso me sorprende.
also: Trabajo hasta las cinco, así que mejor por correo que por teléfono.
nudge: Escribo otra vez por esto, ¿hay novedades?
nudge: Hola de nuevo, aún no he tenido respuesta. ¿Podéis mirarlo, por favor?
thanks: ¡Perfecto, gracias!
thanks: Estupendo, gracias por la ayuda tan rápida.
thanks: Genial, todo resuelto. ¡Buen fin de semana!
thanks: Ha llegado esta mañana. ¡Gracias, {agent}!
thanks: Muchas gracias 🙏
bot: Gracias por su mensaje. Estoy fuera de la oficina hasta el {day} y responderé a la vuelta.
note: He llamado al almacén: el paquete está allí, prometen mañana. @{mate}, ¿puedes mirarlo por la tarde?
note: Tercera vez este mes desde {city}. @{mate}, ¿cambiamos de mensajería?
note: El reembolso supera los {price}, @{mate}, apruébalo por favor.
note: Cliente de toda la vida, desde el puesto del mercado. Seamos generosos.
note: He mirado la cuenta: la dirección se cambió después del pedido.
note: En la foto el golpe viene de fuera, así que paga el mensajero.
"""
