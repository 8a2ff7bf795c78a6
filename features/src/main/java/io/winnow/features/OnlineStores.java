package io.winnow.features;

import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;

/** Opens online stores. */
public final class OnlineStores {
  private OnlineStores() {}

  /**
   * A store that keeps everything in memory, without bound, and starts empty.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} that names features which do not fit
   */
  public static OnlineStore inMemory(ApplicationDefinition application) {
    return new MemoryOnlineStore(FeaturePlan.of(application));
  }
}
