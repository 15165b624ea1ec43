"""Exercise 1 of the report, item by item in the handout's order."""

from pw13.report import conv, dense, svm
from pw13.report.document import Item
from pw13.report.evidence import Evidence


def items(found: Evidence) -> list[Item]:
    """Items 1a to 1g and conv a to e, in the handout's order."""
    return [
        Item("1a", "1a", "Size of the code", tuple(dense.code_size(found))),
        Item("1b", "1b", "Layers", tuple(dense.part(found, dense.layers))),
        Item("1c", "1c", "Three models", tuple(dense.part(found, dense.models))),
        Item("1d", "1d", "Compile and fit", tuple(dense.part(found, dense.fitting))),
        Item("1e", "1e", "Inputs and their reconstructions", tuple(dense.part(found, dense.reconstructions))),
        Item("1f", "1f", "As a tool of compression", tuple(dense.part(found, dense.compression))),
        Item("1g", "1g", "An SVM on codes and on pixels", tuple(svm.compared(found))),
        Item("conv-a", "conv a", "The diabolo", tuple(conv.part(found, conv.diabolo))),
        Item("conv-b", "conv b", "Does its code compress?", tuple(conv.part(found, conv.conv_code))),
        Item("conv-c", "conv c", "Noisy copies", tuple(conv.part(found, conv.noisy))),
        Item("conv-d", "conv d", "Training", tuple(conv.part(found, conv.training))),
        Item("conv-e", "conv e", "Denoising test images", tuple(conv.part(found, conv.denoising))),
    ]
