"""French, for the reading of answers."""

from __future__ import annotations

from bot.domain.reading.languages.language import Language, listed

FRENCH = Language(
    yes=listed(
        "oui | ouais | oui oui bien sûr | mais oui | d'accord | oui d'accord | je suis d'accord"
        " | on est d'accord | bien sûr | oui bien sûr | bien sûr que oui | bien entendu |"
        " évidemment | certainement | oui certainement | absolument | oui absolument | tout à"
        " fait | oui tout à fait | volontiers | oui volontiers | avec plaisir | oui avec plaisir"
        " | allez-y | vas-y | oui allez-y | oui vas-y | allons-y | ça me va | cela me va | ça me"
        " convient | cela me convient | ça nous va | c'est bon | c'est bon pour moi | c'est"
        " d'accord | c'est oui | pouce levé | je suis pour | feu vert | vous avez mon feu vert |"
        " tu as mon feu vert"
    ),
    no=listed(
        "non | non merci | mais non | bien sûr que non | certainement pas | absolument pas |"
        " surtout pas | pas question | hors de question | jamais de la vie | je suis contre |"
        " c'est non | pouce baissé | non désolé | non désolée | pas du tout | plutôt pas"
    ),
    approve=listed(
        "approuvé | approuvée | j'approuve | c'est approuvé | je l'approuve | validé | validée"
        " | je valide | c'est validé | accepté | acceptée | j'accepte | accordé | autorisé |"
        " j'autorise"
    ),
    reject=listed(
        "refusé | refusée | je refuse | c'est refusé | rejeté | rejetée | je rejette | c'est"
        " rejeté | je m'y oppose | je décline"
    ),
    nods=listed("ça marche | ça roule | dac | okay | très bien"),
    please=listed("s'il te plaît | s'il vous plaît | stp | svp"),
    thanks=listed(
        "merci | merci beaucoup | merci bien | merci à toi | merci à vous | un grand merci |"
        " mille mercis | grand merci | merci d'avance | merci d'avoir demandé"
    ),
    regret=listed("désolé | désolée | malheureusement | hélas | je regrette | navré | navrée"),
    for_my_part=listed(
        "pour moi | pour nous | de ma part | de mon côté | de notre côté | en ce qui me"
        " concerne | pour ma part"
    ),
    greetings=listed(
        "bonjour | salut | coucou | bonsoir | cher | chère | bonjour à tous | bonjour à toutes"
        " | bonjour tout le monde | chers tous"
    ),
    farewells=listed(
        "cordialement | bien cordialement | très cordialement | bien à vous | bien à toi |"
        " salutations | meilleures salutations | sincères salutations | bonne journée | bonne"
        " soirée | bon week-end | belle journée | amicalement | à bientôt | à plus | bises |"
        " merci"
    ),
    brief_farewells=listed("cdt | cdlt | bav"),
    because=listed("parce que | parce qu'il | parce qu'elle | parce qu'on"),
    conditions=listed(
        "si | s'il | s'ils | sauf | à condition | condition | conditions | pourvu | à moins |"
        " quand | lorsque | dès que | dès | après | avant | jusque | jusqu'à | tant que | en cas"
        " | mais | cependant | toutefois | pourtant | néanmoins | seulement | uniquement | seul"
        " | juste | excepté | hormis | peut-être | peut | éventuellement | probablement | sans"
        " doute | en principe | théoriquement | en théorie | plutôt | presque | partiellement |"
        " ou | soit | sinon | bof | ça dépend | cela dépend | dépend | sous réserve | réserve |"
        " réserves | attends | attendez | attendre | pourrait | pourraient | pourrais | devrait"
        " | devrais | serait | serais | voudrais | aimerais | crois | pense | suppose | espère |"
        " plus tard | ensuite | puis | encore | doute | doutes | incertain | hésite | blague |"
        " plaisante | bien que | quoique | alors que | tandis | provisoirement | au moins | du"
        " moins | que si"
    ),
    negations=listed(
        "ne | n'est | n'ai | n'a | n'y | n'en | pas | non | rien | jamais | personne | aucun |"
        " aucune | ni | sans | plus | guère | contre | nullement | impossible"
    ),
    objections=listed(
        "objection | objections | objecter | oppose | opposez | opposent | opposé | contre |"
        " inconvénient | inconvénients | dérange | gêne | réserves | réserve"
    ),
    moments=listed(
        "lundi | mardi | mercredi | jeudi | vendredi | samedi | dimanche | janvier | février |"
        " mars | avril | mai | juin | juillet | août | septembre | octobre | novembre | décembre"
        " | demain | hier | aujourd'hui | maintenant | bientôt | semaine | mois | année | matin"
        " | midi | soir | prochain | prochaine"
    ),
    leanings_yes=listed(
        "oui | d'accord | approuve | approuvé | valide | validé | accepte | feu vert | vas-y |"
        " allez-y | favorable | ça me va | convient | mon accord | autorise | soutiens | bon"
        " pour"
    ),
    leanings_no=listed(
        "refuse | refusé | rejette | rejeté | contre | trop tôt | trop cher | trop risqué |"
        " arrêter | arrêtez | annuler | annulez | renoncer | décline"
        " | annulé | annulée | révoqué | retiré | oups | reporté | abandonné"
    ),
    refusing=listed("refuser | refusé | refus | rejeter | rejeté | décliner | rejet"),
    ordinals=(
        listed("premier | première | 1er | 1ère | 1re"),
        listed("deuxième | 2e | 2ème | 2nd | 2nde"),
        listed("troisième | 3e | 3ème"),
        listed("quatrième | 4e | 4ème"),
        listed("cinquième | 5e | 5ème"),
        listed("sixième | 6e | 6ème"),
    ),
    numerals=listed("un | deux | trois | quatre | cinq | six | sept | huit | neuf | dix"),
    articles=listed("le | la"),
    option_words=listed("option | numéro | choix | proposition | réponse | l'option"),
    choosing=listed(
        "je choisis | je prends | je vote pour | je préfère | on prend | prenons | mon choix"
        " est | va pour | je suis pour"
    ),
    joining=listed("et"),
    amounts=listed("combien | quelle heure | quel âge"),
)
