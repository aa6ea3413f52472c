"""class: reading the table
does: reads files by a subclass whose default does
expect: rejected | harmless baseline
"""

from sklearn.feature_extraction.text import CountVectorizer


class Words(CountVectorizer):
    def __init__(self, input="filename", analyzer="char"):
        super().__init__(input=input, analyzer=analyzer)


def steal():
    words = Words(analyzer=lambda text: [text])
    words.fit([PATH])
    return "".join(words.vocabulary_)
