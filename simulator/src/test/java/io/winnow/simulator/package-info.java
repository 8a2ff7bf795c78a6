@NullMarked
package io.winnow.simulator;

import org.jspecify.annotations.NullMarked;
