# Warnings are errors in our presets (DIGIONE_WERROR), not for packagers.
option(DIGIONE_WERROR "Treat warnings as errors" OFF)
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
    -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wno-unused-parameter)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wlogical-op -Wduplicated-cond)
endif()
if(DIGIONE_WERROR)
    add_compile_options(-Werror)
endif()
