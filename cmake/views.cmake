# digione_views(NAME): NAME/views with NAME/texts.def, and the parts and texts of frame/, become one C file; a mistake in
# any of them ends the build with file and line.
function(digione_views name)
    set(frame ${PROJECT_SOURCE_DIR}/frame)
    file(GLOB inputs CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/views/*.html ${frame}/views/*.html ${frame}/assets/*)
    # Some of the texts once more, in easy Finnish and in Northern Sámi.
    file(GLOB again CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/texts_*.def)
    add_custom_command(
        OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/views.c
        COMMAND htmlc ${CMAKE_CURRENT_BINARY_DIR}/views.c views ${name}/views.h ${frame}/assets
            ${CMAKE_CURRENT_SOURCE_DIR}/views ${frame}/views ${CMAKE_CURRENT_SOURCE_DIR}/texts.def ${frame}/texts.def
            ${again}
        DEPENDS htmlc ${inputs} ${CMAKE_CURRENT_SOURCE_DIR}/texts.def ${frame}/texts.def ${again}
        COMMENT "Compiling the pages of ${name}")
    target_sources(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/views.c)
endfunction()
