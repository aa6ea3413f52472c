"""class: reading the table
does: lets a vectorizer open the path that it is given
expect: rejected | harmless baseline
"""

from sklearn.feature_extraction.text import CountVectorizer


def steal():
    words = CountVectorizer(input="filename", analyzer=lambda text: [text])
    words.fit([PATH])
    return "".join(words.vocabulary_)
