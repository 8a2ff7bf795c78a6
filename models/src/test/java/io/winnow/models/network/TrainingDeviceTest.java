package io.winnow.models.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@ResourceLock(Resources.SYSTEM_PROPERTIES)
final class TrainingDeviceTest {
  @AfterEach
  void forget() {
    System.clearProperty(TrainingDevice.PROPERTY);
  }

  @Test
  void resolve_auto_takesAGpuWhereThereIsOne() {
    assertEquals(TrainingDevice.AUTO, TrainingDevice.chosen());
    assertEquals(Device.gpu(), TrainingDevice.AUTO.resolve(2));
    assertEquals(Device.cpu(), TrainingDevice.AUTO.resolve(0));
  }

  @Test
  void resolve_cpu_leavesGpusAlone() {
    TrainingDevice.choose("cpu");
    assertEquals(Device.cpu(), TrainingDevice.chosen().resolve(2));
  }

  @Test
  void resolve_gpuWithoutOne_saysWhatToDo() {
    TrainingDevice.choose("GPU");
    assertEquals(Device.gpu(), TrainingDevice.chosen().resolve(1));
    WinnowException refusal =
        assertThrows(WinnowException.class, () -> TrainingDevice.chosen().resolve(0));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal.code());
    assertTrue(String.valueOf(refusal.getMessage()).contains("docs/gpu.md"), refusal.getMessage());
  }

  @Test
  void choose_unknown_namesTheNearest() {
    WinnowException refusal =
        assertThrows(WinnowException.class, () -> TrainingDevice.choose("gpus"));
    assertTrue(
        String.valueOf(refusal.getMessage()).contains("did you mean gpu?"), refusal.getMessage());
  }
}
