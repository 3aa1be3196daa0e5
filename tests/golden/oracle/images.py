"""Convolutions, pooling, resizing and sampling."""

import torch
import torch.nn.functional as F

from cases import case, spread


def convolutions():
    options = (
        dict(),
        dict(stride=[2, 1], padding=[1, 2]),
        dict(dilation=[1, 2], padding=[0, 1]),
        dict(stride=[2, 3], padding=[1, 1], groups=2),
    )
    for o in options:
        groups = o.get("groups", 1)
        x, w, b = (
            spread((2, 4, 5, 6)),
            spread((2 * groups, 4 // groups, 3, 2), 0.5),
            spread((2 * groups,), 0.3),
        )
        case("conv2d", lambda x, w, b: F.conv2d(x, w, b, **o), x, w, b, **o)
        g = F.conv2d(x, w, **o).detach()
        weight_of = lambda x, g: torch.nn.grad.conv2d_weight(x, w.shape, g, **o)
        case("conv2d_weight", weight_of, x, spread(g.shape, 0.2), weight=list(w.shape), **o)
        wt = spread((4, 2, 3, 2), 0.5)
        case(
            "conv_transpose2d",
            lambda x, w: F.conv_transpose2d(x, w, None, **o),
            spread((1, 4, 3, 4)),
            wt,
            **o,
        )
    o = dict(stride=[2, 2], output_padding=[1, 0])
    case(
        "conv_transpose2d",
        lambda x, w, b: F.conv_transpose2d(x, w, b, **o),
        spread((1, 2, 3, 2)),
        spread((2, 3, 2, 2)),
        spread((3,)),
        **o,
    )
    case("conv2d", lambda x, w: F.conv2d(x, w), torch.zeros(0, 2, 4, 4), spread((3, 2, 2, 2)))
    case("conv2d", lambda x, w: F.conv2d(x, w), spread((2, 3, 3, 3)), spread((4, 3, 1, 1)))
    case(
        "conv2d",
        lambda x, w: F.conv2d(x, w, padding=1),
        spread((1, 3, 6, 6)),
        spread((4, 3, 3, 3)),
        padding=[1, 1],
    )
    o = dict(stride=2, padding=1, dilation=2)
    case(
        "conv1d",
        lambda x, w, b: F.conv1d(x, w, b, **o),
        spread((2, 2, 8)),
        spread((3, 2, 3)),
        spread((3,)),
        **o,
    )
    o = dict(stride=3, padding=1, output_padding=2, groups=2)
    case(
        "conv_transpose1d",
        lambda x, w, b: F.conv_transpose1d(x, w, b, **o),
        spread((2, 4, 3)),
        spread((4, 1, 3)),
        spread((2,)),
        **o,
    )
    o = dict(stride=[2, 1, 2], padding=[1, 0, 1], dilation=[1, 2, 1], groups=2)
    case(
        "conv3d",
        lambda x, w, b: F.conv3d(x, w, b, **o),
        spread((1, 4, 3, 4, 3)),
        spread((2, 2, 2, 2, 3)),
        spread((2,)),
        **o,
    )
    o = o | dict(output_padding=[1, 0, 1])
    case(
        "conv_transpose3d",
        lambda x, w, b: F.conv_transpose3d(x, w, b, **o),
        spread((1, 4, 2, 3, 2)),
        spread((4, 1, 2, 2, 3)),
        spread((2,)),
        **o,
    )


def pool(name, x, kernel, **options):
    case(name, lambda x: getattr(F, name)(x, kernel, **options), x, kernel=kernel, **options)


def pooling():
    image, signal, volume = spread((2, 2, 6, 5)), spread((2, 3, 9)), spread((1, 1, 5, 4, 5))
    flat = torch.zeros(1, 1, 4, 4)  # all windows are ties

    def lines_and_volumes(kind):
        pool(f"{kind}_pool1d", signal, kernel=3, stride=2, padding=1)
        pool(f"{kind}_pool3d", volume, kernel=[2, 3, 2], stride=[1, 2, 2], padding=[1, 1, 0])

    pool("max_pool2d", image, kernel=[2, 2])
    pool("max_pool2d", image, kernel=[3, 2], stride=[1, 2], padding=[1, 1])
    pool("max_pool2d", image, kernel=[2, 3], stride=[2, 2], ceil_mode=True)
    pool("max_pool2d", image, kernel=[2, 2], dilation=[2, 2], stride=[1, 1])
    pool("max_pool2d", flat, kernel=[2, 2], stride=[1, 1])
    lines_and_volumes("max")
    pool("avg_pool2d", image, kernel=[2, 2])
    pool("avg_pool2d", image, kernel=[3, 2], stride=[1, 2], padding=[1, 1])
    overhang = dict(stride=[2, 2], padding=[1, 1], ceil_mode=True)
    pool("avg_pool2d", image, kernel=[3, 3], **overhang, count_include_pad=False)
    pool("avg_pool2d", image, kernel=[3, 2], **overhang | dict(padding=[1, 0]))
    lines_and_volumes("avg")
    for kind in ("avg", "max"):
        for rank, x, size in ((1, signal, 4), (2, image, [4, 2]), (3, volume, [2, 3, 1])):
            name = f"adaptive_{kind}_pool{rank}d"
            case(name, lambda x: getattr(F, name)(x, size), x, size=size)
    case("lp_pool1d", lambda x: F.lp_pool1d(x, 4, 3, 2), signal, p=4, kernel=3, stride=2)
    case("lp_pool2d", lambda x: F.lp_pool2d(x, 2, (2, 3)), image, p=2, kernel=[2, 3])
    case("lp_pool3d", lambda x: F.lp_pool3d(x, 2, 2), volume, p=2, kernel=[2, 2, 2])
    pooled, where = F.max_pool2d(spread((1, 2, 5, 6), 0.2), 2, return_indices=True)
    case(
        "max_unpool2d",
        lambda x, i: F.max_unpool2d(x, i, 2, output_size=(5, 6)),
        pooled,
        where,
        kernel=[2, 2],
        size=[5, 6],
    )


def windows():
    o = dict(dilation=[1, 2], padding=[1, 0], stride=[2, 1])
    case("unfold", lambda x: F.unfold(x, (2, 2), **o), spread((2, 2, 4, 4)), kernel=[2, 2], **o)
    case(
        "fold",
        lambda x: F.fold(x, (4, 4), (2, 2), **o),
        spread((2, 8, 6)),
        size=[4, 4],
        kernel=[2, 2],
        **o,
    )


def sizes():
    image, signal = spread((1, 2, 4, 5)), spread((2, 2, 6))
    case(
        "upsample_nearest",
        lambda x: F.interpolate(x, scale_factor=3),
        spread((1, 2, 2, 3)),
        scale=3,
    )
    names = dict(
        nearest="nearest", nearest_exact="nearest-exact", linear="bilinear", cubic="bicubic"
    )
    for mode, name in names.items():
        for size in ([7, 3], [2, 9], [4, 5]):
            for corners in (False, True) if mode in ("linear", "cubic") else (None,):
                case(
                    "interpolate",
                    lambda x: F.interpolate(x, size, mode=name, align_corners=corners),
                    image,
                    size=size,
                    mode=mode,
                    align_corners=bool(corners),
                )
    for mode in ("linear", "cubic"):
        case(
            "interpolate",
            lambda x: F.interpolate(x, (2, 3), mode=names[mode], antialias=True),
            spread((1, 1, 6, 7)),
            size=[2, 3],
            mode=mode,
            antialias=True,
        )
    case(
        "interpolate",
        lambda x: F.interpolate(x, scale_factor=1.7, mode="linear"),
        signal,
        scale_factor=[1.7],
        mode="linear",
    )
    matrix = [[0.5, 0, 0.25, 0], [0, 0, 0, 0], [0, -2, 0, 1]]
    apply = lambda x: torch.tensordot(x, torch.tensor(matrix), ([1], [1])).movedim(-1, 1)
    case("resample", apply, spread((2, 4, 3)), dim=1, matrix=matrix)
    case("channels_last", lambda x: x.contiguous(memory_format=torch.channels_last), image)


def sampling():
    image, grid = spread((2, 1, 3, 4), 0.2), spread((2, 2, 3, 2), 0.5)
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for corners in (False, True):
                o = dict(mode=mode, padding_mode=padding, align_corners=corners)
                # PyTorch has no second derivative of bicubic sampling
                case(
                    "grid_sample",
                    lambda x, g: F.grid_sample(x, g, **o),
                    image,
                    grid,
                    order=1 if mode == "bicubic" else 2,
                    **o,
                )
    volume, grid_3d = spread((1, 2, 2, 3, 2), 0.3), spread((1, 2, 1, 3, 3), 0.4)
    o = dict(mode="bilinear", padding_mode="border", align_corners=False)
    case("grid_sample", lambda x, g: F.grid_sample(x, g, **o), volume, grid_3d, **o)
    for corners in (False, True):
        for theta, size in (
            (spread((2, 2, 3)), [2, 1, 3, 2]),
            (spread((1, 3, 4)), [1, 1, 2, 3, 1]),
        ):
            case(
                "affine_grid",
                lambda t: F.affine_grid(t, size, align_corners=corners),
                theta,
                size=size,
                align_corners=corners,
            )


def add_cases():
    for part in (convolutions, pooling, windows, sizes, sampling):
        part()
