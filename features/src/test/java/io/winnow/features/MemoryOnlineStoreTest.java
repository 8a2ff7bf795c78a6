package io.winnow.features;

import io.winnow.core.application.ApplicationDefinition;

final class MemoryOnlineStoreTest extends OnlineStoreConformance {
  @Override
  OnlineStore open(ApplicationDefinition application) {
    return OnlineStores.inMemory(application);
  }
}
