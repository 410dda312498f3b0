"""Training on several devices, or on several machines, as `tf.distribute` does.

    python -m kprivacy.train --strategy=mirrored ...
    TF_CONFIG=... python -m kprivacy.train --strategy=multi_worker ...

A batch is the config's, whatever the number of replicas: each has its share,
and gradients are summed, so that weights are those of one device. Batch
normalisation alone sees its own share: use as many examples a replica as one
device would need.
"""

import contextlib
import os
import pathlib
import tempfile

from kprivacy import errors

STRATEGIES = ("none", "mirrored", "multi_worker")


def create(name, logical_cpus=1):
    """Makes a strategy, before TensorFlow is used for anything else.

    Args:
        name: "none"; "mirrored": all devices of this machine, GPUs or else
            (logical) CPUs; "multi_worker": this and other processes, which
            the environment's TF_CONFIG names.
        logical_cpus: Devices that the processor counts as, to try "mirrored"
            on a machine without GPUs.

    Returns:
        A `tf.distribute.Strategy`, or None.

    Raises:
        UserError: The name is unknown, or there is no TF_CONFIG.
    """
    errors.check_choice("strategy", name, STRATEGIES)
    if name == "none":
        return None
    if name == "multi_worker" and not os.environ.get("TF_CONFIG"):
        raise errors.UserError(
            "--strategy=multi_worker needs the environment variable TF_CONFIG, "
            'as {"cluster": {"worker": ["host:port", ...]}, "task": {"type": '
            '"worker", "index": 0}}, with its own index in every process. '
            "Received: none. Set it, or use --strategy=mirrored."
        )
    import tensorflow as tf

    if logical_cpus > 1:
        (cpu,) = tf.config.list_physical_devices("CPU")
        one = tf.config.LogicalDeviceConfiguration()
        tf.config.set_logical_device_configuration(cpu, [one] * logical_cpus)
    if name == "mirrored":
        kinds = ("GPU", "CPU")
        devices = next(
            found for found in map(tf.config.list_logical_devices, kinds)
            if found
        )
        return tf.distribute.MirroredStrategy([one.name for one in devices])
    communication = tf.distribute.experimental.CommunicationOptions(
        implementation=_implementation(tf)
    )
    return tf.distribute.MultiWorkerMirroredStrategy(
        communication_options=communication
    )


def _implementation(tf):
    choices = tf.distribute.experimental.CommunicationImplementation
    return choices.AUTO if tf.config.list_physical_devices("GPU") else (
        choices.RING
    )


def scope(strategy):
    """The strategy's scope, or none."""
    return strategy.scope() if strategy else contextlib.nullcontext()


def check(strategy, config):
    """Raises where a config does not go with a strategy.

    Args:
        strategy: Of `create`.
        config: Of a training.
    """
    if strategy is None:
        return
    replicas = strategy.num_replicas_in_sync
    if config.batch_size % replicas:
        raise errors.UserError(
            f"A batch is shared by {replicas} replicas, so its size must be a "
            f"multiple of that. Received: batch_size={config.batch_size}."
        )
    if config.steps_per_execution > 1:
        raise errors.UserError(
            "Keras cannot take several steps a call on several replicas. "
            f"Received: steps_per_execution={config.steps_per_execution}. Add "
            "--config.steps_per_execution=1."
        )
    if config.get("jit_compile") == "on":
        raise errors.UserError(
            "XLA does not go with several replicas. Received: "
            "jit_compile=\"on\". Add --config.jit_compile=auto."
        )


def shared(strategy, dataset):
    """A dataset whose batches are shared out, each worker reading its part."""
    if strategy is None or dataset is None:
        return dataset
    import tensorflow as tf

    options = tf.data.Options()
    policies = tf.data.experimental.AutoShardPolicy
    options.experimental_distribute.auto_shard_policy = policies.DATA
    return dataset.with_options(options)


def is_chief(strategy):
    """Whether this process is the one that writes."""
    resolver = getattr(strategy, "cluster_resolver", None)
    return resolver is None or resolver.task_id in (None, 0)


@contextlib.contextmanager
def writing_place(strategy, directory):
    """The folder to write in: `directory`, or one that is thrown away.

    All workers write alike, since what they hold is read by all at once.
    """
    if is_chief(strategy):
        yield pathlib.Path(directory)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield pathlib.Path(folder)
