"""Spanish, for the reading of answers."""

from __future__ import annotations

from bot.domain.reading.languages.language import Language, listed

SPANISH = Language(
    yes=listed(
        "sí | sip | sí por favor | sí claro | claro | claro que sí | sí claro que sí | por"
        " supuesto | sí por supuesto | por supuesto que sí | desde luego | desde luego que sí |"
        " sin duda | adelante | sí adelante | de acuerdo | sí de acuerdo | estoy de acuerdo |"
        " conforme | me parece bien | me parece perfecto | por mí bien | hazlo | sí hazlo |"
        " háganlo | hágalo | con mucho gusto | cómo no sí | afirmativo | estoy a favor | luz"
        " verde | tienes luz verde | pulgar arriba"
    ),
    no=listed(
        "no | nop | no gracias | claro que no | por supuesto que no | desde luego que no | de"
        " ninguna manera | de ningún modo | ni hablar | en absoluto | para nada | nunca jamás |"
        " negativo | estoy en contra | lamentablemente no | mejor no | pulgar abajo"
    ),
    approve=listed(
        "aprobado | aprobada | apruebo | lo apruebo | la apruebo | yo apruebo | queda aprobado"
        " | queda aprobada | está aprobado | está aprobada | autorizado | autorizada | autorizo"
        " | lo autorizo | concedido | aceptado | aceptada | acepto"
    ),
    reject=listed(
        "rechazado | rechazada | rechazo | lo rechazo | la rechazo | queda rechazado | queda"
        " rechazada | denegado | denegada | deniego | me opongo | desestimado"
    ),
    nods=listed("vale | dale | está bien | bueno | muy bien | perfecto | okey | okay | venga"),
    please=listed("por favor | porfa | porfavor"),
    thanks=listed(
        "gracias | muchas gracias | mil gracias | muchísimas gracias | gracias por preguntar |"
        " te lo agradezco | gracias a ti | gracias a todos"
    ),
    regret=listed(
        "lo siento | lo lamento | lamentablemente | desgraciadamente | perdón | disculpa"
    ),
    for_my_part=listed("por mi parte | por mi lado | para mí | para nosotros | de mi parte"),
    greetings=listed(
        "hola | buenos días | buenas tardes | buenas noches | buenas | estimado | estimada |"
        " querido | querida | buen día | hola a todos"
    ),
    farewells=listed(
        "saludos | un saludo | saludos cordiales | un cordial saludo | cordialmente |"
        " atentamente | un abrazo | abrazos | besos | muchos saludos | que tengas buen día |"
        " buen fin de semana | hasta luego | hasta pronto | gracias | muchas gracias | gracias y"
        " saludos"
    ),
    brief_farewells=listed("slds"),
    because=listed("porque"),
    conditions=listed(
        "si | siempre que | siempre y cuando | a menos | salvo | excepto | a condición |"
        " condición | condiciones | cuando | en cuanto | hasta | después | antes | mientras |"
        " pero | sin embargo | aunque | solo | sólo | solamente | únicamente | apenas | quizás |"
        " quizá | tal vez | acaso | posiblemente | probablemente | depende | dependiendo | en"
        " principio | teóricamente | en teoría | casi | parcialmente | sino | espera |"
        " espere | esperen | esperar | podría | podrían | debería | deberían | sería | quisiera"
        " | creo | supongo | pienso | espero | luego | más tarde | entonces | todavía | aún |"
        " dudo | duda | dudas | broma | según | reserva | reservas | de momento | por ahora |"
        " provisionalmente | al menos | en caso"
    ),
    negations=listed(
        "no | nada | nunca | jamás | nadie | ningún | ninguno | ninguna | ni | sin | tampoco |"
        " contra | imposible"
    ),
    objections=listed(
        "objeción | objeciones | objetar | opone | oponen | opones | contra | inconveniente |"
        " inconvenientes | importa | molesta | reparo | reparos"
    ),
    moments=listed(
        "lunes | martes | miércoles | jueves | viernes | sábado | domingo | enero | febrero |"
        " marzo | abril | mayo | junio | julio | agosto | septiembre | octubre | noviembre |"
        " diciembre | mañana | ayer | hoy | ahora | pronto | semana | mes | año | tarde | noche"
        " | próximo | próxima"
    ),
    leanings_yes=listed(
        "sí | de acuerdo | apruebo | aprobado | autorizo | adelante | acepto | conforme | a"
        " favor | luz verde | me parece bien | hazlo | háganlo | mi aprobación | visto bueno"
    ),
    leanings_no=listed(
        "rechazo | rechazado | en contra | demasiado pronto | demasiado caro | arriesgado |"
        " detener | cancelar | deniego | me opongo | descartar"
        " | cancelado | cancelada | revocado | retirado | anulado | ups | aplazado"
    ),
    refusing=listed("rechazar | rechazado | rechazo | denegar | denegado | desestimar | declinar"),
    ordinals=(
        listed("primero | primera | primer | 1º | 1ª"),
        listed("segundo | segunda | 2º | 2ª"),
        listed("tercero | tercera | tercer | 3º | 3ª"),
        listed("cuarto | cuarta | 4º | 4ª"),
        listed("quinto | quinta | 5º | 5ª"),
        listed("sexto | sexta | 6º | 6ª"),
    ),
    bare_ordinals=False,
    numerals=listed("uno | dos | tres | cuatro | cinco | seis | siete | ocho | nueve | diez"),
    articles=listed("el | la | lo"),
    option_words=listed("opción | número | núm | alternativa | propuesta | respuesta"),
    choosing=listed(
        "elijo | escojo | me quedo con | prefiero | voto por | mi elección es | vamos con | tomo"
    ),
    joining=listed("y | e"),
    amounts=listed("cuánto | cuánta | cuántos | cuántas | qué hora"),
)
