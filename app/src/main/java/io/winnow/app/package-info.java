@NullMarked
package io.winnow.app;

import org.jspecify.annotations.NullMarked;
