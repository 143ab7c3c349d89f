"""Cuts a TrueType font down to what the page can show.

    subset_font.py IN.ttf OUT.ttf

Digits are drawn with their tabular forms by default: the canvas cannot choose OpenType features, and numbers must line up
in its tables as they do in the HTML. Kerning, which the canvas cannot do and which would weigh a third of the file, and
hinting go.
"""
import sys

from fontTools import subset
from fontTools.ttLib import TTFont

CHARACTERS = (
    [chr(c) for c in range(0x20, 0x7F)]
    # Punctuation, arithmetic and marks that our sentences, formulas and widgets use. Every glyph here is downloaded by
    # every visitor, twice; what is missing shows in the system's font in the HTML and as a box in the canvas.
    + list("–—‘’“”•…·×÷±−≈≠≤≥√∑Δμσ½²³°→←é\u00a0\u2009\u202f\u2011")
)


def use_tabular_digits(font):
    gsub = font["GSUB"].table
    lookups = {i for record in gsub.FeatureList.FeatureRecord if record.FeatureTag == "tnum"
               for i in record.Feature.LookupListIndex}
    tabular = {}
    for index in lookups:
        for table in gsub.LookupList.Lookup[index].SubTable:
            tabular.update(getattr(getattr(table, "ExtSubTable", table), "mapping", {}))
    for table in font["cmap"].tables:
        if table.isUnicode():
            for digit in range(ord("0"), ord("9") + 1):
                table.cmap[digit] = tabular.get(table.cmap[digit], table.cmap[digit])
    widths = {font["hmtx"][font.getBestCmap()[digit]][0] for digit in range(ord("0"), ord("9") + 1)}
    if len(widths) != 1:
        sys.exit(f"subset_font: digits have {len(widths)} widths; the font's tabular forms were not found")


def main(source, target):
    font = TTFont(source, recalcTimestamp=False)
    use_tabular_digits(font)
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True,
                             name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(CHARACTERS))
    subsetter.subset(font)
    font.save(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
