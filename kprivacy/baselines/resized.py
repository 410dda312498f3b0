"""DNN(resized): features reduced by PCA, under Laplace noise."""

import numpy as np

from kprivacy.errors import UserError, check_count
from kprivacy.releases import KerasRelease

MOST_EXAMPLES = 5000


class ResizedDNN:
    """A release of an undefended client's features, reduced and noisy.

    The features are projected on their first principal components, and
    Laplace noise is added to these. The server turns them back with
    `restore` and classifies the result as it would the client's features.

    Args:
        client: The undefended client, a functional `keras.Model`.
        data: Examples of the defender's, at least `components`, on whose
            features the components are found.
        components: Number of values sent.
        factor: Scale of the noise, in standard deviations of the values
            sent, taken over all of them.
        seed: Of the noise, or a NumPy generator; None draws from the
            system's entropy.

    Raises:
        UserError: There are fewer examples or features than components.

    Reference: the DNN(resized) baseline of RAN's section 3.1, after Ossia et
    al., A hybrid deep learning architecture for privacy-preserving mobile
    analytics, 2017. The paper gives neither the number of components nor the
    unit of the factor.
    """

    def __init__(self, client, data, components=16, factor=0.0, seed=None):
        from sklearn.decomposition import PCA

        check_count("components", components)
        self.client = client
        self.factor = factor
        features = self._features(data[:MOST_EXAMPLES])
        if components > min(features.shape):
            raise UserError(
                "`components` must not exceed the features or the examples. "
                f"Received: components={components}, features of shape "
                f"{features.shape}."
            )
        self._pca = PCA(components, random_state=0).fit(features)
        self._unit = float(self._pca.transform(features).std())
        self._generator = np.random.default_rng(seed)

    def __call__(self, data):
        sent = self._pca.transform(self._features(data))
        noise = self._generator.laplace(0.0, 1.0, sent.shape)
        return (sent + self.factor * self._unit * noise).astype(np.float32)

    def restore(self, sent):
        """The client's features, as far as what was sent tells them."""
        features = self._pca.inverse_transform(sent).astype(np.float32)
        return features.reshape(-1, *self.client.output_shape[1:])

    def _features(self, data):
        features = self.client.predict(data, batch_size=512, verbose=0)
        return features.reshape(len(features), -1)


class FeatureNoise:
    """A release of a client's features under Laplace noise.

    Args:
        client: A functional `keras.Model`.
        data: Examples, by whose features the noise is scaled.
        factor: Scale of the noise, in standard deviations of the features,
            taken over all of them.
        seed: Of the noise, or a NumPy generator.
    """

    def __init__(self, client, data, factor, seed=None):
        self._release = KerasRelease(client, seed)
        self._scale = factor * float(self._release(data).std())
        self._generator = np.random.default_rng(seed)

    def __call__(self, data):
        sent = self._release(data)
        noise = self._generator.laplace(0.0, 1.0, sent.shape)
        return (sent + self._scale * noise).astype(np.float32)
