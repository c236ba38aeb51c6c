"""Italian, for the reading of answers."""

from __future__ import annotations

from bot.domain.reading.languages.language import Language, listed

ITALIAN = Language(
    yes=listed(
        "sì | sì grazie | sì per favore | sì certo | certo che sì | certamente | sì certamente"
        " | sicuramente | ma certo | sì volentieri | volentieri | con piacere | assolutamente sì"
        " | sì assolutamente | senz'altro | sì senz'altro | d'accordo | sì d'accordo | sono"
        " d'accordo | siamo d'accordo | concordo | va bene | sì va bene | per me va bene | mi va"
        " bene | vai pure | sì vai pure | procedi | procedi pure | procedete | procedete pure |"
        " sì procedi | fallo | fate pure | sono a favore | via libera | ovviamente sì | pollice"
        " in su"
    ),
    no=listed(
        "no | no grazie | certo che no | ma no | assolutamente no | assolutamente no grazie |"
        " no assolutamente | per niente | niente affatto | neanche per sogno | direi di no |"
        " purtroppo no | sono contrario | sono contraria | meglio di no | meglio no | pollice in"
        " giù | ovviamente no"
    ),
    approve=listed(
        "approvato | approvata | approvo | io approvo | lo approvo | la approvo | è approvato |"
        " autorizzato | autorizzata | autorizzo | accettato | accettata | accetto | accordato"
    ),
    reject=listed(
        "rifiutato | rifiutata | rifiuto | lo rifiuto | respinto | respinta | respingo | lo"
        " respingo | bocciato | bocciata | boccio | rigettato | mi oppongo"
    ),
    nods=listed("certo | bene | va be' | vabbè | perfetto | okay | molto bene | ottimo"),
    please=listed("per favore | per piacere | per cortesia"),
    thanks=listed(
        "grazie | grazie mille | molte grazie | tante grazie | grazie tante | mille grazie |"
        " grazie a te | grazie a voi | ti ringrazio | vi ringrazio | la ringrazio | grazie"
        " infinite"
    ),
    regret=listed("mi dispiace | mi spiace | purtroppo | spiacente | scusa | scusate"),
    for_my_part=listed(
        "per me | per noi | da parte mia | da parte nostra | per quanto mi riguarda"
    ),
    greetings=listed(
        "ciao | buongiorno | buonasera | buon giorno | buona sera | salve | caro | cara |"
        " gentile | egregio | ciao a tutti | buon pomeriggio"
    ),
    farewells=listed(
        "saluti | cordiali saluti | distinti saluti | un saluto | un caro saluto | tanti saluti"
        " | cari saluti | buona giornata | buona serata | buon lavoro | buon weekend | a presto"
        " | un abbraccio | baci | ciao | grazie | grazie mille | grazie e saluti"
    ),
    brief_farewells=listed("cs"),
    because=listed("perché | poiché"),
    conditions=listed(
        "se | purché | a condizione | condizione | condizioni | a patto | a meno | salvo |"
        " tranne | eccetto | quando | appena | non appena | dopo | prima | finché | fino | fin |"
        " mentre | ma | però | tuttavia | eppure | comunque | anche se | sebbene | benché | solo"
        " | soltanto | solamente | unicamente | forse | magari | possibilmente | probabilmente |"
        " dipende | eventualmente | in teoria | teoricamente | in linea di massima | in linea di"
        " principio | quasi | in parte | parzialmente | oppure | altrimenti | aspetta |"
        " aspettate | aspettare | potrebbe | potrebbero | dovrebbe | dovremmo | sarebbe | vorrei"
        " | credo | penso | suppongo | spero | più tardi | poi | allora | ancora | dubito |"
        " dubbio | dubbi | scherzo | riserva | riserve | per ora | per il momento |"
        " provvisoriamente | almeno | nel caso | in caso | boh | beh"
    ),
    negations=listed(
        "non | no | niente | nulla | mai | nessuno | nessun | nessuna | né | senza | neanche |"
        " nemmeno | neppure | contro | impossibile | mica"
    ),
    objections=listed(
        "obiezione | obiezioni | obiettare | oppone | opponi | oppongono | contrario |"
        " contraria | contrari | contro | dispiace | disturba | problemi con | riserve"
    ),
    moments=listed(
        "lunedì | martedì | mercoledì | giovedì | venerdì | sabato | domenica | gennaio |"
        " febbraio | marzo | aprile | maggio | giugno | luglio | agosto | settembre | ottobre |"
        " novembre | dicembre | domani | ieri | oggi | adesso | ora | subito | presto |"
        " settimana | mese | anno | mattina | pomeriggio | sera | prossimo | prossima"
    ),
    leanings_yes=listed(
        "sì | d'accordo | approvo | approvato | autorizzo | va bene | procedi | procedete |"
        " accetto | favorevole | a favore | via libera | la mia approvazione | concordo |"
        " benestare"
    ),
    leanings_no=listed(
        "rifiuto | rifiutato | respingo | respinto | contrario | contro | troppo presto |"
        " troppo caro | rischioso | fermare | annullare | mi oppongo | boccio"
        " | annullato | annullata | revocato | ritirato | rinviato | sospeso"
    ),
    refusing=listed(
        "rifiutare | rifiutato | respingere | respinto | bocciare | rigettare | declinare"
    ),
    ordinals=(
        listed("primo | prima | 1º | 1ª"),
        listed("secondo | seconda | 2º | 2ª"),
        listed("terzo | terza | 3º | 3ª"),
        listed("quarto | quarta | 4º | 4ª"),
        listed("quinto | quinta | 5º | 5ª"),
        listed("sesto | sesta | 6º | 6ª"),
    ),
    bare_ordinals=False,
    numerals=listed("uno | due | tre | quattro | cinque | sei | sette | otto | nove | dieci"),
    articles=listed("il | la | lo"),
    option_words=listed("opzione | numero | alternativa | proposta | risposta"),
    choosing=listed("scelgo | prendo | preferisco | voto per | la mia scelta è | andiamo con"),
    joining=listed("e | ed"),
    amounts=listed("quanto | quanta | quanti | quante | che ora | che ore"),
)
