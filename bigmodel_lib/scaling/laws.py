"""The law of loss by size and data, L(N, D) = E + A/N^α + B/D^β: fitted to runs, with its uncertainty, and solved for a budget.

What it does not handle: tokens that are read more than once, a learning rate that does not fall to the end of each run, another
form of the law. A fit says nothing of how far it may be stretched: keep a larger run back, and predict it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import optimize

__all__ = ["ScalingLaw", "bootstrap_laws", "fit_law"]

DELTA = 1e-3  # Huber's: residuals of log L beyond it count by their size, not by their square
POWERS = (0.1, 0.2, 0.35, 0.5, 0.8, 1.2)  # α and β where the search may start
STARTS = 8  # so many of the best are followed


@dataclass(frozen=True)
class ScalingLaw:
    """$L(N, D) = E + A / N^\\alpha + B / D^\\beta$ in nats a token.

    Attributes:
        E: what no model of the family can predict, nats. A, alpha: of the size term. B, beta: of the data term.

    Example:
        >>> law = ScalingLaw(E=1.0, A=4.0, alpha=0.5, B=9.0, beta=0.5)
        >>> float(law.loss(16, 9))    # 1 + 4 / 4 + 9 / 3
        5.0

    Source: J. Hoffmann et al. 2022, arXiv:2203.15556, §3.3. Taught in: 5.1.
    """

    E: float
    A: float
    alpha: float
    B: float
    beta: float

    def loss(self, parameters, tokens):
        """Loss in nats a token of models of N parameters after D tokens; numbers or arrays that go together."""
        return (
            self.E
            + self.A / np.asarray(parameters, float) ** self.alpha
            + self.B / np.asarray(tokens, float) ** self.beta
        )

    @property
    def size_exponent(self) -> float:
        """$\\beta / (\\alpha + \\beta)$: the best size for a budget grows as this power of the budget."""
        return self.beta / (self.alpha + self.beta)

    def optimal(self, compute, flops: float = 6.0):
        """The split of a budget with the lowest loss, in closed form.

        $N = G \\, (C/k)^{\\beta/(\\alpha+\\beta)}$ and $D = C / (k N)$ with $G = (\\alpha A / (\\beta B))^{1/(\\alpha+\\beta)}$.

        Args:
            compute: budget $C$ in FLOPs, a number or an array. flops: for each parameter and token, $k$.

        Returns:
            parameters N and tokens D, floats or arrays as `compute`.

        Raises:
            ValueError: a budget that is not positive.

        Example:
            >>> law = ScalingLaw(E=1.0, A=4.0, alpha=0.5, B=8.0, beta=0.5)
            >>> [float(n) for n in law.optimal(6 * 64)]    # size term 4 / 2, data term 8 / 4: equal, as α = β
            [4.0, 16.0]
        """
        compute = np.asarray(compute, float)
        if not (compute > 0).all() or not flops > 0:
            raise ValueError(f"a budget must be positive FLOPs, not {compute} with flops={flops}")
        G = (self.alpha * self.A / (self.beta * self.B)) ** (1 / (self.alpha + self.beta))
        parameters = G * (compute / flops) ** self.size_exponent
        return parameters, compute / (flops * parameters)


def fit_law(parameters, tokens, losses, delta: float = DELTA) -> ScalingLaw:
    """The law with the smallest sum of Huber's function of log L - log L(N, D), over the runs.

    Huber's function is $u^2/2$ up to delta and $\\delta(|u| - \\delta/2)$ beyond, so that a run that went wrong pulls with a constant
    force. It is minimised by L-BFGS from a grid of starts, as in the paper. There the grid spans all five numbers; here only the
    powers, because for given powers the best E, A and B of a start follow by non-negative least squares, and the best eight of 36
    are followed. The sum is scaled by $1/\\delta^2$: with a small scale the search ends too early (Besiroglu et al. 2024).

    Args:
        parameters: $N$ of each run, (n,). tokens: $D$, (n,). losses: nats a token, (n,).
        delta: of Huber's function.

    Returns:
        The best law of all starts.

    Raises:
        ValueError: fewer than six runs, fewer than three sizes or three numbers of tokens, other lengths, or a value that is not
            a positive number.

    Example:
        >>> N, D = (g.ravel() for g in np.meshgrid([1e4, 1e5, 1e6], [1e5, 1e6, 1e7]))
        >>> law = fit_law(N, D, ScalingLaw(1.2, 30.0, 0.4, 90.0, 0.3).loss(N, D))
        >>> round(law.E, 2), round(law.alpha, 2), round(law.beta, 2)
        (1.2, 0.4, 0.3)

    Source: J. Hoffmann et al. 2022, arXiv:2203.15556, §3.3 and App. D; T. Besiroglu et al. 2024, arXiv:2404.10102.
    Taught in: 5.1.
    """
    runs = _checked(parameters, tokens, losses)
    if not delta > 0:
        raise ValueError(f"delta must be positive, not {delta}")
    return _search(runs, delta, _starts(runs, delta, STARTS))


def bootstrap_laws(parameters, tokens, losses, num: int = 200, seed: int = 0, delta: float = DELTA) -> list[ScalingLaw]:
    """Laws fitted to runs drawn again with replacement: their spread is the uncertainty of a law, and of what it predicts.

    It shows what the noise of the runs does. It does not show that the law has the right form.

    Args:
        parameters, tokens, losses, delta: as for `fit_law`.
        num: laws; each search starts at the law of all runs. seed: of the draws. A draw with fewer than three sizes or numbers of
            tokens is drawn anew.

    Returns:
        num laws; for 95 % intervals take the percentiles 2.5 and 97.5 of what you ask of each.

    Raises:
        ValueError: as `fit_law`, or num is less than 2.

    Taught in: 5.1.
    """
    runs = _checked(parameters, tokens, losses)
    if num < 2:
        raise ValueError(f"a spread needs at least 2 laws, not num={num}")
    rng, laws, whole = np.random.default_rng(seed), [], _solution(fit_law(*runs, delta))
    while len(laws) < num:
        at = rng.integers(0, len(runs[0]), len(runs[0]))
        drawn = [values[at] for values in runs]
        if min(len(np.unique(values)) for values in drawn[:2]) >= 3:
            laws.append(_search(drawn, delta, [whole]))
    return laws


def _checked(parameters, tokens, losses) -> list[np.ndarray]:
    runs = [np.asarray(values, float) for values in (parameters, tokens, losses)]
    if any(values.ndim != 1 or len(values) != len(runs[0]) for values in runs):
        raise ValueError(
            f"parameters, tokens and losses must be three lists of one length, not {[v.shape for v in runs]}"
        )
    for name, values in zip(("parameters", "tokens", "losses"), runs):
        if not (np.isfinite(values) & (values > 0)).all():
            raise ValueError(
                f"all {name} must be positive numbers, not {values[~(np.isfinite(values) & (values > 0))][0]}"
            )
    sizes, budgets = (len(np.unique(values)) for values in runs[:2])
    if len(runs[0]) < 6 or sizes < 3 or budgets < 3:
        raise ValueError(
            "five numbers need at least six runs of three sizes and three numbers of tokens, not "
            f"{len(runs[0])} runs, {sizes} sizes and {budgets} numbers of tokens: add runs"
        )
    return runs


# A solution is (log E, log α, log β, log A, log B); centred, the last two are the terms at the middle of the runs in place of
# those at N = D = 1, for there the five are least entangled
def _solution(law: ScalingLaw) -> np.ndarray:
    return np.log([law.E, law.alpha, law.beta, law.A, law.B])


def _middle(runs) -> np.ndarray:
    return np.array([np.log(values).mean() for values in runs[:2]])


def _centred(solution, runs) -> np.ndarray:
    e, alpha, beta, a, b = solution
    return np.array([e, alpha, beta, *(np.array([a, b]) - np.exp([alpha, beta]) * _middle(runs))])


def _starts(runs, delta: float, num: int) -> list[np.ndarray]:
    """The best of the starts: for each pair of powers the E, A and B with the least squares of relative errors, none of them zero."""
    N, D, L = runs
    starts = []
    for alpha, beta in itertools.product(POWERS, POWERS):
        columns = np.stack([np.ones_like(L), N**-alpha, D**-beta], 1)
        sizes = columns.mean(0)
        found = optimize.nnls(columns / sizes / L[:, None], np.ones_like(L))[0]
        e, a, b = np.log(np.maximum(found, 1e-2 * L.mean()) / sizes)
        starts.append(np.array([e, np.log(alpha), np.log(beta), a, b]))
    return sorted(starts, key=lambda start: _objective(_centred(start, runs), runs, delta)[0])[:num]


def _residuals(centred, runs, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """u, the errors of log L over delta (n,), and their slopes by the five numbers (5, n)."""
    e, alpha, beta, a, b = np.clip(centred, [-30, -9, -9, -30, -30], [30, 2, 2, 30, 30])
    x, z = (np.log(values) - middle for values, middle in zip(runs, _middle(runs)))
    terms = np.exp([np.full_like(x, e), a - np.exp(alpha) * x, b - np.exp(beta) * z])  # (3, n)
    floor, size, data = terms / terms.sum(0) / delta
    u = (np.log(terms.sum(0)) - np.log(runs[2])) / delta
    return u, np.stack([floor, -np.exp(alpha) * x * size, -np.exp(beta) * z * data, size, data])


def _objective(centred, runs, delta: float) -> tuple[float, np.ndarray]:
    """Sum of Huber's function over delta², and its gradient (5,)."""
    u, slopes = _residuals(centred, runs, delta)
    return np.where(np.abs(u) <= 1, u**2 / 2, np.abs(u) - 0.5).sum(), slopes @ np.clip(u, -1, 1)


def _search(runs, delta: float, starts) -> ScalingLaw:
    """The best end of L-BFGS from each start, in coordinates in which the valley is about round."""
    options, found = {"maxiter": 500, "ftol": 1e-9, "gtol": 1e-5}, []
    for start in (_centred(start, runs) for start in starts):
        u, slopes = _residuals(start, runs, delta)
        curvature = slopes / np.maximum(np.abs(u), 1) @ slopes.T
        scale = np.sqrt(np.diag(curvature)) + 1e-12
        values, vectors = np.linalg.eigh(curvature / np.outer(scale, scale))
        basis = vectors / np.sqrt(np.maximum(values, 1e-6)) / scale[:, None]

        def turned(q, start=start, basis=basis):
            value, gradient = _objective(start + basis @ q, runs, delta)
            return value, basis.T @ gradient

        result = optimize.minimize(turned, np.zeros(5), method="L-BFGS-B", jac=True, options=options)
        found.append((result.fun, tuple(start + basis @ result.x)))
    e, alpha, beta, a, b = min(found)[1]
    alpha, beta = np.exp([alpha, beta])
    A, B = np.exp(np.array([a, b]) + np.array([alpha, beta]) * _middle(runs))
    return ScalingLaw(float(np.exp(e)), float(A), float(alpha), float(B), float(beta))
