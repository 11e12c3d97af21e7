#!/bin/sh
# Convert what train.py made as it should have been, with tflint alone: sh convert.sh PYTHON [text|json]
# PYTHON has TensorFlow and tf-keras. Results are models/*-right.tflite; models of before stay.
set -e
cd "$(dirname "$0")"
python=$1 form=${2:-text}

fix() { # NAME SOURCE, and what else is asked
    name=$1 source=$2
    shift 2
    tflint fix "models/$name" --source "$source" --python "$python" --inputs models/held_out.npz -f "$form" \
        --out "models/${name%.tflite}-right.tflite" "$@"
}

# one conversion from each kind of source, and all schemes of quantization of the first
fix float.tflite models/float --quantize auto --calibration models/calibration.npz
fix keras.tflite models/float.h5
fix keras-3.tflite models/float.keras
fix function.tflite sources:digits
if [ -d models/qat ]; then
    fix qat.tflite models/qat
    fix clustering.tflite models/clustered --quantize int8 --calibration models/calibration.npz
    fix pruning.tflite models/pruned --quantize dynamic
fi
