"""Writes crates/clip/tests/golden/tokens.jsonl: texts and the ids that clip-anytorch's tokenizer gives them.

A line is [kind, text, ids], the ids without the marks of start and end. Run with tests/reference/.venv/bin/python.
The last kind, "mojibake", is text that was decoded by the wrong table; how far it is followed is told in the README.
"""

import json
import random
from pathlib import Path

import clip.clip as reference

OUT = Path(__file__).parents[2] / "crates/clip/tests/golden/tokens.jsonl"

TEMPLATES = ["a photo of a {}", "a bad photo of the {}.", "A CARTOON {}!", "itap of my {}", "the {}, in the wild (2021)", "{}"]
THINGS = """bicycle; lawn mower; sweet pepper; a bear living in woods; golden retriever; H&M store; 24 karat ring; teapot
on a table; café au lait; jack-o'-lantern; U.S.A.; rock'n'roll band; 3D render; e-mail; Picasso's dove; state-of-the-art robot;
aurora borealis; x² + y² = z²; C++ code; AT&T tower; 10,000 maniacs; Zürich; naïve façade; coöperation; Łódź; São Paulo"""
CONTRACTIONS = """don't; I'll go; we've been; they're here; it's; SHE'S; you'd better; can't've; o'clock; 'tis; y'all'd've; I'M;
WE'LL; 's; 't; ''s; dogs' tails; it’s; don’t; ‘quoted’ text; rock ’n’ roll; 'S'T'RE'VE'M'LL'D; it 's; x's's; l'été; d'Artagnan"""
PUNCTUATION = """hello, world!; wait...what?!; (a) [b] {c}; a--b; a—b; “double” and ‘single’; «guillemets»; 50%; $9.99; #hashtag;
@mention; a/b\\c; a|b; ~tilde~; `code`; ^caret^; _under_score_; *bold*; a+b=c; 1<2>0; semi:colon; ¿qué?; ¡hola!; …; ‥; ¶ § † ‡; •
bullet; ™ ® ©; °C; µm; ±5; ×÷; ≠≤≥; ∞; √2; →←; !!!!!!!!; ?!?!?!; .,.,.,; ---===---; ''''; \"\"\"; a.b.c; a . b; ,lead; trail,;
‚low‘ „quotes“; ‹single›; ′ ″ primes; ‐ ‑ ‒ – — ―; 〈angle〉 《book》 「corner」; <b>bold</b>; <a href="x">y</a>; a&b; a & b; &&"""
NUMBERS = """1; 42; 1234567890; 3.14159; 1e-5; 0x1F; 2021-12-31; 12:30; +81-90-1234-5678; 1st 2nd 3rd; ½ ¼ ¾; x²y³; H₂O; Ⅷ Ⅻ ⅸ; ٣٤٥;
१२३; ๑๒๓; 一二三; ①②③; ⑴⒈; 🄀; 𝟘𝟙𝟚; 1,234.56; 007; 1/2; 4K; mp3; b2b; ５６７; ٪; 10⁶; ⁰ⁱ; ㉑; 〇"""
LANGUAGES = """Fußgängerübergänge in der Straße; GROẞE STRASSE; l'œuvre où le garçon déjà naît; El niño comió piñas y ñandúes; mañana por la mañana;
Příliš žluťoučký kůň úpěl ďábelské ódy; Zażółć gęślą jaźń; Árvíztűrő tükörfúrógép; În vânt ștergar țesut; Đường phố Hà Nội; İSTANBUL'da ıssız ŞİİR;
Ærøskøbing på øen; Þingvellir í ágúst; Съешь же ещё этих мягких французских булок; ЁЛКА И МОРЕ; Жебракують філософи; Ќе одиме во Џепиште;
Ὀδυσσεύς ΟΔΥΣΣΕΥΣ; Σ; ΑΣ ΑΣΑ ΑΣ.; Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία; שלום עולם; שָׁלוֹם; مرحبا بالعالم; اَلْعَرَبِيَّةُ; فارسی گفت‌وگو; اردو زبان;
नमस्ते दुनिया; हिन्दी में; বাংলা ভাষা; தமிழ் மொழி; తెలుగు; ಕನ್ನಡ; മലയാളം; සිංහල; ไทย ภาษา; ພາສາລາວ; བོད་སྐད; မြန်မာ; ភាសាខ្មែរ; ქართული; ᲥᲐᲠᲗᲣᲚᲘ; Հայերեն; አማርኛ; ᏣᎳᎩ ꮳꮃꭹ;
東京の夜景; 你好，世界！; 龍與鳳凰; 猫と犬。; ひらがな カタカナ; ｶﾀｶﾅ ﾊﾟﾋﾟﾌﾟ; 한국어 문장; 가나다; 서울의 밤; 日本語とEnglishの混ざった文; ㍿ ㌔; 〒100-0001; Ａｂｃ　１２３！; 𠮷野家; 葛󠄀城; ﷽; ﻼ"""
EMOJI = """😀; 👍🏽; 👨‍👩‍👧‍👦; 🏳️‍🌈; 🇯🇵 🇫🇷; 1️⃣ #️⃣; ❤️; ❤; ☃️; a 🐻 in the 🌲🌲; 🤷🏻‍♀️; 🏴󠁧󠁢󠁷󠁬󠁳󠁿; 😂😂😂😂; 🫠; cat🐱dog🐶; ✨magic✨; ☕️ & 🍰; 🅰️; ©️; 🀄; ♠♥♦♣; ♪♫; ¯\\_(ツ)_/¯; (╯°□°）╯︵ ┻━┻; ʕ•ᴥ•ʔ; ಠ_ಠ; ^_^"""
ENTITIES = """&amp;; &lt;b&gt;; &quot;q&quot;; &apos;s; &#39;t; &#x27;ll; fish &amp; chips; &amp;amp;; &amp;lt;; &amp;amp;amp;; &copy; 2021; &eacute;t&eacute;; &NTILDE;; &EACUTE;COLE;
&nbsp;; a&nbsp;b; &hellip;; &ldquo;x&rdquo;; &#8217;; &#x1F600;; &#128059; bear; &notanentity;; &not; &notin; &notit; &; &#; &#x; &#xZZ;; &#0;; &#128;; &#x80;; &#150;; &#x110000;; &#xD800;; &#1;; &#13;;
&#99999999999;; &amp &lt &gt; &copy2021; &ampersand; &lt;3; x &lt; y; 1 < 2 &amp; 3; <i>&eacute;</i>; &frac12;; &alpha;&beta;; &Alpha;; &rarr;; &euro;5; &yen;; &hearts;; &NotEqualTilde;; &fjlig;; &ThickSpace;;
&CounterClockwiseContourIntegral;; &AMP; &LT; &SZLIG;; &aring &AElig; &oslash; &THORN;; a&shy;b; &zwj;; &#65;&#66;&#67;; &#x41;b; &#0065;; &#65 B; &lsquo;; &ndash;; &Tab;x&NewLine;; &bull;; &trade;; &#xFEFF;; &#64257;; &#xFB01;"""
SPACES = ["a  b", " a ", "a\tb", "a\nb", "a\r\nb", "a\rb", "a\u00a0b", "a\u3000b", "a\u2003b", "a\u200bb", "a\u200db", "a\u2028b", "a\u2029b", "a\u0085b", "a\x0bb", "a\x0cb", "\n\n a \n\n b \n",
          "a\u1680b", "a\u180eb", "a\u2060b", "a\ufeffb", "\ufeffa", "a\u00adb", "a \t \n \u00a0 \u3000 b", "a\u202fb", "a\u205fb", "tab\tand\t\ttabs", "   ", "", "\t", "\u3000", "a" + " " * 50 + "b"]
CONTROLS = ["a\x00b", "a\x07b", "a\x08b", "\x1b[31mred\x1b[0m text", "\x1b[1;32mx", "a\x7fb", "a\x1fb", "a\x1cb", "a\u0080b", "a\u0091b\u0092", "a\u0099", "a\u009fb", "a\u206ab", "a\ufff9b\ufffac\ufffb",
            "a\ufffcb", "a\ufffdb", "a\u202eb\u202c", "a\u200eb\u200f", "a\ue000b", "a\ufffeb", "a\U000e0001b", "\x1bc", "\x1b[", "a\u0095b", "it\u0092s"]
WIDTHS = ["ﬁre ﬂy oﬃce ﬀ ﬄ ﬅ ﬆ", "Ĳsland ĳs", "ŉ", "ǅ Ǆ ǆ ǈ ǋ ǲ", "ＦＵＬＬ　ｗｉｄｔｈ", "｡｢｣､･", "ﾊﾛｰ", "ￂￇￊ", "￠￡￢￣￤￥￦", "￨￩￪￫￬￭￮", "ſtraſſe", "K Å Ω", "Ⅰ ⅳ", "ª º", "ﬓ ﬔ", "ﭏ", "𝒜𝓑 𝔉𝕣 𝐁𝑜𝙡𝚍", "ᵃᵇᶜ", "Ⓐⓑ", "🄰🅱", "ꜳ", "ᴀʙᴄ"]
COMBINING = ["e\u0301", "n\u0303", "a\u0308\u0304", "o\u0302\u0309", "A\u030a", "Z\u0351\u0325a\u0334l\u0337g\u0321o\u0489", "q\u0307\u0323", "\u0301a", "\u1100\u1161\u11a8", "か\u3099", "\u212b", "x\u20d7", "i\u0307", "I\u0307", "ı\u0307",
             "s\u0323\u0307", "\u0958", "क\u093c", "\u0374", "\u1fef", "\u2126", "\uf900", "a\u0332b\u0332", "\u00c5\u0301", "1\u0301", "!\u0301", "\u05e9\u05c1", "\u0915\u094d\u0937", "\u0e01\u0e33"]
MARKS = ["<|startoftext|>", "<|endoftext|>", "a <|endoftext|> b", "<|STARTOFTEXT|>x", "x<|endoftext|>", "((<|endoftext|>", "<start_of_text>", "a<end_of_text>b", "<|end", "&lt;|endoftext|&gt;", "< |endoftext| >", "<|endoftext|><|endoftext|>"]
SOURCES = ["café", "naïve façade", "Zürich", "El Niño", "Ünïcödé", "smörgåsbord", "it’s a “test”", "… – —", "✔ No problems", "schön", "日本語", "Привет мир", "Ελλάδα", "¡Ay, caramba!", "50 €", "¥100 £5", "à la carte", "él está aquí",
           "l’été", "dé­jà vu", "Łódź", "çok güzel", "한국어", "שלום", "مرحبا", "🐻 bear", "Ærø", "×÷±", "™ ®", "piñata — olé", "tiếng Việt", "İstanbul", "«Война и мир»", "10°C ½", "Dvořák"]
TABLES = ["latin-1", "cp1252", "cp1250", "cp1251", "cp1253", "cp437", "macroman", "iso-8859-2"]


def listed(text):
    return [entry.strip().replace("\n", " ") for entry in text.split("; ") if entry.strip()]


def mangled():
    """UTF-8 read through one-byte tables, once or twice."""
    for source in SOURCES:
        for table in TABLES:
            wrong = source.encode().decode(table, errors="replace")
            yield wrong
            if table == "cp1252":
                yield "a photo of " + wrong
                yield wrong.encode().decode(table, errors="replace")


def random_texts(rng, count):
    """Characters of all blocks below U+30000 that the alphabets above are made of, shuffled."""
    alphabet = sorted(set("".join(listed(";".join([PUNCTUATION, NUMBERS, LANGUAGES, EMOJI])) + SPACES + WIDTHS + COMBINING)))
    words = [word for entry in listed(LANGUAGES) + listed(THINGS) for word in entry.split()]
    for _ in range(count):
        pieces = [rng.choice(words) if rng.random() < 0.6 else "".join(rng.choices(alphabet, k=rng.randint(1, 3))) for _ in range(rng.randint(1, 7))]
        yield rng.choice(["", " ", "  "]).join(pieces)


def texts():
    rng = random.Random(0)
    for template in TEMPLATES:
        for thing in listed(THINGS):
            yield "prompt", template.format(thing)
    for name, source in [("contraction", CONTRACTIONS), ("punctuation", PUNCTUATION), ("number", NUMBERS), ("language", LANGUAGES), ("emoji", EMOJI), ("entity", ENTITIES)]:
        for entry in listed(source):
            yield name, entry
            if name in ("language", "contraction"):
                yield name, entry.upper()
                yield name, entry.title()
            if name == "entity":
                yield name, f"The {entry} sign, {entry}{entry}"
    for name, entries in [("space", SPACES), ("control", CONTROLS), ("width", WIDTHS), ("combining", COMBINING), ("mark", MARKS)]:
        for entry in entries:
            yield name, entry
            yield name, f"a photo of {entry}, {entry}"
    for words in (20, 40, 60, 75):
        yield "long", " ".join(rng.choices("a bear living in woods with many tall trees by the river".split(), k=words))
    yield "long", "supercalifragilisticexpialidocious" * 5
    yield "long", "z" * 100
    yield "long", "1" * 75
    yield "long", "ab" * 300
    yield from (("random", text) for text in random_texts(rng, 300))
    yield from (("mojibake", text) for text in mangled())


def main():
    lines, seen = [], set()
    for kind, text in texts():
        ids = reference._tokenizer.encode(text)
        if text in seen or len(ids) > 75:
            continue
        seen.add(text)
        lines.append(json.dumps([kind, text, ids], separators=(",", ":")))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("\n".join(lines) + "\n")
    kinds = [json.loads(line)[0] for line in lines]
    print(len(lines), "texts:", {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)})


if __name__ == "__main__":
    main()
