# Records what Keras's own callbacks do on series of losses, for callbacks.test.ts:
#     KERAS_BACKEND=numpy python record-keras.py > keras-callbacks.jsonl
# Recorded with Keras 3.6. Keras 3 with any backend will do: the callbacks are driven directly, with a model that is nothing but its weights.

import json
import random

from keras.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau


class Model:
    """What the callbacks touch of a model; its weights are the epoch's number."""

    def __init__(self):
        self.stop_training = False
        self.epoch = 0
        self.saved = []
        self.optimizer = type("Optimizer", (), {"learning_rate": 1.0})()

    def get_weights(self):
        return self.epoch

    def set_weights(self, weights):
        self.epoch = weights

    def save_weights(self, path, overwrite=True):
        self.saved.append(self.epoch)


def run(callback, series, name):
    model = Model()
    callback.set_model(model)
    callback.set_params({"epochs": len(series)})
    callback.on_train_begin()
    rates, last = [], -1
    for epoch, value in enumerate(series):
        model.epoch = epoch
        last = epoch
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {name: value, "loss": 1.0})
        rates.append(float(model.optimizer.learning_rate))
        if model.stop_training:
            break
    callback.on_train_end()
    return {"last": last, "weights": model.epoch, "rates": rates, "saved": model.saved}


random.seed(7)
for case in range(60):
    length = random.randint(6, 16)
    mode = random.choice(["min", "max"])
    # Sixteenths, so that sums and differences are exact and ties are met.
    series = [random.randint(8, 40) / 16 for _ in range(length)]
    name = "val_loss"
    kind = ["early", "plateau", "checkpoint"][case % 3]
    if kind == "early":
        options = {
            "patience": random.randint(0, 4),
            "minDelta": random.choice([0, 0.0625, 0.25]),
            "restoreBest": random.random() < 0.6,
            "startFromEpoch": random.choice([0, 0, 3]),
        }
        if random.random() < 0.4:
            options["baseline"] = random.randint(10, 30) / 16
        callback = EarlyStopping(
            monitor=name,
            mode=mode,
            patience=options["patience"],
            min_delta=options["minDelta"],
            baseline=options.get("baseline"),
            restore_best_weights=options["restoreBest"],
            start_from_epoch=options["startFromEpoch"],
        )
    elif kind == "plateau":
        options = {
            "factor": 0.5,
            "patience": random.randint(1, 3),
            "minDelta": random.choice([0, 0.0625]),
            "cooldown": random.randint(0, 3),
            "minLearningRate": random.choice([0, 0.2]),
        }
        callback = ReduceLROnPlateau(
            monitor=name,
            mode=mode,
            factor=options["factor"],
            patience=options["patience"],
            min_delta=options["minDelta"],
            cooldown=options["cooldown"],
            min_lr=options["minLearningRate"],
        )
    else:
        options = {"baseline": 1.5} if random.random() < 0.3 else {}
        callback = ModelCheckpoint(
            "/tmp/best.weights.h5",
            monitor=name,
            mode=mode,
            save_best_only=True,
            save_weights_only=True,
            initial_value_threshold=options.get("baseline"),
        )
    print(json.dumps({"kind": kind, "mode": mode, "options": options, "series": series, **run(callback, series, name)}))
