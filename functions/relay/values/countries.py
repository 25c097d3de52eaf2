"""Codes of countries (ISO 3166-1 alpha-2) and of the states of the US, as match keys need them."""

_ALPHA_2 = """
ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt
bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh
er es et fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht
hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls
lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni
nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg
sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug
um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
ALPHA_2 = frozenset(_ALPHA_2.split())
ALIASES = {"uk": "gb", "usa": "us"}

_STATES = """
alabama=al alaska=ak arizona=az arkansas=ar california=ca colorado=co connecticut=ct delaware=de
district_of_columbia=dc florida=fl georgia=ga hawaii=hi idaho=id illinois=il indiana=in iowa=ia
kansas=ks kentucky=ky louisiana=la maine=me maryland=md massachusetts=ma michigan=mi minnesota=mn
mississippi=ms missouri=mo montana=mt nebraska=ne nevada=nv new_hampshire=nh new_jersey=nj
new_mexico=nm new_york=ny north_carolina=nc north_dakota=nd ohio=oh oklahoma=ok oregon=or
pennsylvania=pa rhode_island=ri south_carolina=sc south_dakota=sd tennessee=tn texas=tx utah=ut
vermont=vt virginia=va washington=wa west_virginia=wv wisconsin=wi wyoming=wy puerto_rico=pr guam=gu
american_samoa=as northern_mariana_islands=mp us_virgin_islands=vi armed_forces_americas=aa
armed_forces_europe=ae armed_forces_pacific=ap
"""
US_STATES = {
    name.replace("_", ""): code for name, code in (pair.split("=") for pair in _STATES.split())
}
"""The two letters of each state by its name without spaces."""
