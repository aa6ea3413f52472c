"""class: reading the table
does: sets a vectorizer to files afterwards, by a name put together
expect: rejected | harmless baseline
"""

from sklearn.feature_extraction.text import CountVectorizer


def steal():
    words = CountVectorizer(analyzer=lambda text: [text]).set_params(**{"input": "file" + "name"})
    words.fit([PATH])
    return "".join(words.vocabulary_)
