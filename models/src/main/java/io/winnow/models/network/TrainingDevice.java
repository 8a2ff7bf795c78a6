package io.winnow.models.network;

import ai.djl.Device;
import io.winnow.core.Nearest;
import io.winnow.core.WinnowException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** Where networks are trained: on the processor or on a GPU. */
public enum TrainingDevice {
  /** A GPU if PyTorch has one, else the processor. */
  AUTO,
  /** The processor. */
  CPU,
  /** The first GPU. */
  GPU;

  /** The system property that chooses; {@code auto} where it is not set. */
  public static final String PROPERTY = "winnow.device";

  /**
   * Chooses for all trainings of this process that begin later, by {@link #PROPERTY}.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if there is no such device
   */
  public static void choose(String name) {
    System.setProperty(PROPERTY, parse("device", name).name().toLowerCase(Locale.ROOT));
  }

  /** The one that was chosen. */
  static TrainingDevice chosen() {
    return parse(PROPERTY, Objects.requireNonNullElse(System.getProperty(PROPERTY), "auto"));
  }

  private static TrainingDevice parse(String field, String name) {
    for (TrainingDevice device : values()) {
      if (device.name().equalsIgnoreCase(name)) {
        return device;
      }
    }
    throw WinnowException.invalid(
        field, name, Nearest.expectation("device", name, List.of("auto", "cpu", "gpu")));
  }

  /**
   * PyTorch's name for it.
   *
   * @param gpus how many GPUs PyTorch has
   * @throws WinnowException with {@code INVALID_ARGUMENT} if a GPU is wanted and there is none
   */
  Device resolve(int gpus) {
    return switch (this) {
      case CPU -> Device.cpu();
      case AUTO -> gpus > 0 ? Device.gpu() : Device.cpu();
      case GPU -> {
        if (gpus == 0) {
          throw WinnowException.invalid(
              "device",
              "gpu, but PyTorch finds none",
              "cpu or auto; or a driver, and a native library for GPUs on the class path: see"
                  + " docs/gpu.md");
        }
        yield Device.gpu();
      }
    };
  }
}
